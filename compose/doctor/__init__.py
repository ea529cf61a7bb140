"""`vsnd doctor`: what is missing for what, and the command that mends it."""
