"""What a backend and a local application share: one region of memory, its rings of blocks, and what they say."""
