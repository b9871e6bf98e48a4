"""``python -m s3probe``."""

from s3probe.cli import entry_point

if __name__ == "__main__":
    entry_point()
