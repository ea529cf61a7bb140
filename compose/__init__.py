"""The composition root: the `vsnd` command, scenarios, and the worlds they run in."""
