"""Dom0's side: sessions, streams, mixing, devices, pacing and measuring.  Does not know which host it runs on."""
