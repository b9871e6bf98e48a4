"""Real S3 servers from public packages, on loopback: how the runs in ``fixtures/recorded`` were recorded."""
