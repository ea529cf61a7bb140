"""What a trace says of each stream: delays, lateness, and the clocks they are measured by."""
