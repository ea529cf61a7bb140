"""A machine emulated between ordinary processes: one daemon is its xenstore, page broker and event-channel broker."""
