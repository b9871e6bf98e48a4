"""Room 1: what Mastodon would read. Pure: no network, and files are read only by ``sources``."""
