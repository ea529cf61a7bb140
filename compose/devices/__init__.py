"""`vsnd devices`: which devices this machine has, and how the operator's file names them."""
