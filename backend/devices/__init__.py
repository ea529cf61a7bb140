"""What plays and records sound."""
