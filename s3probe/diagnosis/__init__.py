"""Room 3: what the evidence means, and what mends it. Pure."""
