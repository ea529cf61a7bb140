"""Underruns: each silence that was heard where a guest's frames belonged, how long it was, and who was late.

`pieces` finds what was silent, `silences` puts it together to what a listener hears, `chain` follows the frame that was
missing first, `judge` says whose fault it was, and `gaps` does all of it for a stream.
"""
