"""A machine in virtual time: every domain an object, every history repeatable from its seed."""
