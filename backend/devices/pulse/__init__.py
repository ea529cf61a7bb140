"""PulseAudio and PipeWire: a sink or source of a sound server, as a device."""
