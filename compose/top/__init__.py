"""`vsnd top`: what a backend is doing, in a terminal."""
