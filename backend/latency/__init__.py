"""How late every guest hears and is heard: from trace records to `result.json` and `report.html`.

`build.build(run_folder, facts)` does it all.  The way of the numbers: `records` (trace files as arrays), `timeline`
(guest frame -> the card's clock), `playback`, `lateness` and `pairs` (samples), `summary` (exact quantiles), `result`
(the schema), then `report`, `curves` and `table` for people.
"""
