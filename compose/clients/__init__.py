"""Local applications of a scenario, beside its guests: `[[clients]]`."""
