"""One module per command, each with ``run(args, console)``. They load what they need when they run."""
