"""`vsnd-local`: local applications that show how it is done, each a screen long."""
