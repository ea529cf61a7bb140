"""What decides when to look at a device."""
