"""Data, not code: the findings' texts and the providers (TOML), and the two modules that read them."""
