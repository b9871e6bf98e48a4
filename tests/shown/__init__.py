"""The commands that make a failed request without s3probe, run as they are shown."""
