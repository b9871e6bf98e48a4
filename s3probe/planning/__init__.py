"""Room beside the four: what a run would do, made of the tables that the run is made of. Nothing is asked."""
