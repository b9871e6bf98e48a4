"""Against the real programs, where they are on the ``PATH``: each is started once in a session."""
