"""Where domains run."""
