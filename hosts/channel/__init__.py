"""Messages between two local processes: over a socket, and over shared rings where both sides can."""
