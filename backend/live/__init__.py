"""What a backend shows of itself while it runs: figures in shared memory, for other processes to read."""
