"""The embedded S3: AWS's rules in front of moto's store. The other four rooms do not know it exists.

``world`` says what there is, ``sandbox`` serves it, ``scenario`` adds the env file that goes with it,
``faults`` break one thing, ``fixes`` undo it.
"""
