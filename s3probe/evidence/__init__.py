"""What a run saw, and the words in which probe, diagnosis and report speak of it. Pure: no network comes with it."""
