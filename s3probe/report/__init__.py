"""Room 4: what a person or a monitor reads. Pure."""
