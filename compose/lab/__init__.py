"""Domains in containers, on a Docker engine: what `--world docker` and `vsnd lab` are made of.

engine    the engine, and its errors in our words         image    the image of the code that runs here
specs     what each container may, has and runs (pure)    box      one container, as a child process is
labels    whose containers they are, and removing them    files    into a container and out of it
lab       all containers of one run                       command  `vsnd lab`

dom0      inside Dom0's container: the machine, the backend, the toolstack
inside    inside all others: a module, and what it took
cgroup    what a container took, as its kernel counts it
"""
