"""The contract of `hosts.api`, rule by rule, runnable on any host; `hosts.checks` runs them."""
