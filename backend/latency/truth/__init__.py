"""Ground truth: where a guest's frames are heard by the sound itself, against where the trace says they are.

A guest plays `markers` (`marker`), which are found again in what a card played or a guest recorded (`find`).  Where
they lie there is asked of nobody who had a part in playing them: so it can prove the trace wrong.  `agreement` compares
both, from which the trace's own word on the same frames (`handed`) and what a resampler adds (`resampling`) are known.
"""
