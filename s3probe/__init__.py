"""s3probe tells a Mastodon admin why media storage does not work, and which line to change."""

__version__ = "0.1.0"

ISSUES = "https://github.com/s3probe/s3probe/issues"
"""Where a wrong answer and a bug are told of."""
