"""What both ends of a local application's connection share: its region of memory, its bell, and their messages."""
