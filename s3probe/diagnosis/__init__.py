"""Room 3: what the evidence means, and what fixes it. Pure."""
