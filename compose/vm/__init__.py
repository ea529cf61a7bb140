"""A small Linux of its own under this one: QEMU, a Debian kernel, and this machine's own files."""
