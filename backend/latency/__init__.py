"""How late every guest hears and is heard: from trace records to `result.json` and `report.html`.

`build.build(run_folder, facts)` does it all.  The way of the numbers: `records` (trace files as arrays), `measures`
(`timeline`: guest frame -> the card's clock; `playback`, `capture`, `lateness`, `service`, `fill`, `hops`, `pairs`: the
samples, put together by `samples`; `summary`: exact quantiles), `result` (the schema), then `page` and `table` for
people, and `hlog` for HdrHistogram's tools.
"""
