"""What is wrong when a virtual machine cannot be had, or does not do what it should."""


class VmError(Exception):
    """One line that says what is missing or what happened, and what would mend it."""
