"""Several runs against each other: which pacing is better, by how much, and how sure that is."""
