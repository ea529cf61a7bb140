"""ALSA: any PCM that alsa-lib knows by a name, from `hw:0` to a plugin."""
