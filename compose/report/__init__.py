"""`vsnd report`: everything again from what runs have left, comparisons of runs, and rules for CI."""
