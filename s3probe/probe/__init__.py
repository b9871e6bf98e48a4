"""Room 2: what was asked, and what came back. All the network I/O of s3probe lives here."""
