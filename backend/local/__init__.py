"""Local applications: processes of this machine that play and record beside the guests, on the same devices."""
