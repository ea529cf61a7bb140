"""What else a machine is made to do while guests play: processes that compute, a guest that floods."""
