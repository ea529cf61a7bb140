"""Guests on several machines: `[[hosts]]` of a scenario, each with an engine and a Dom0 of its own (docs/fleet.md).

spec      the hosts, as a scenario says them (pure)       split     a scenario for each host (pure)
contexts  engines by name                                 engines   the hosts' engines, and the image on each
run       all of it, from a scenario to a page            play      all hosts at once: who is ready, who is lost
worker    a host's process, as seen from outside          one       and inside: `vsnd run`, but for the waiting
clock     asking a host for its time                      timing    what its answers say (pure)
report    what all came to, by host                       page, show   on paper, on the terminal
rebuild   `vsnd report` of it

telltime  inside a container of a host: the time there
task      inside a task of a Swarm's node
"""
