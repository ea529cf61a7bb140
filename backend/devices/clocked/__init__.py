"""The virtual card: hardware for machines without any.

A card (`card`, `dma`, `crystal`) owns a DMA ring and registers (`ring`, `registers`), plays or records at its own
crystal, and raises an interrupt per period.  It runs in a process of its own (`__main__`, `process`), or on simulated
time beside its driver (`inline`).  The driver (`driver`) sees only what a real card shows.  `opening` chooses.
"""
