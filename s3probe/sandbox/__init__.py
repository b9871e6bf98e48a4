"""The embedded S3: AWS's rules in front of moto's store. The other four rooms do not know it exists."""
