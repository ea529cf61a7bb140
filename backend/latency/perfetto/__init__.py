"""A run as a picture to zoom into: `trace.json`, for ui.perfetto.dev and other viewers of the Trace Event Format."""
