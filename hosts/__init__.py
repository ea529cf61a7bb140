"""What a hypervisor gives a driver: memory, event channels, a store, time.  Knows nothing of sound."""
