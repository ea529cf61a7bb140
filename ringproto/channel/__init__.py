"""Messages between two processes through a pair of shared rings, with a system call only for who sleeps: the rules."""
