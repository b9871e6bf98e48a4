"""Room beside the four: tries lines of the file on the real bucket before they are called a fix."""
