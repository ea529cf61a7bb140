"""The protocol, pure: octets and integers in, values out.  No I/O, no time, no threads."""
