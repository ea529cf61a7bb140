"""Faults in real time: `schedule` does them when they are due, on whatever is `Breakable`.

`brake` stands on processes, and `hostile` is a guest that waits to be let in: both are processes of the world
`processes`, which has no hypervisor that could do as much.
"""
