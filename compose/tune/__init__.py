"""`vsnd tune`: the smallest periods and buffers whose underruns stay below a target here, found by measuring."""
