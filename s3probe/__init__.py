"""s3probe tells a Mastodon admin why media storage does not work, and which line to change."""

__version__ = "0.1.0"
