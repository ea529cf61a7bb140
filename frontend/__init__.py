"""vsnd's guest side: what a guest, or an application standing in for one, needs to play and record.

    with connect(host) as card, open_playback(card, PcmParams(48000, 2, Format.S16_LE, 480, 1920)) as pcm:
        pcm.write(frames)
        pcm.drain()

This package does not know the backend, ALSA or PulseAudio.
"""

from frontend.callback import CallbackStream
from frontend.capture import CapturePcm
from frontend.driver import Card, attached, connect
from frontend.params import Frames, PcmParams
from frontend.playback import PlaybackPcm
from frontend.recovery import arecover, recover, through_losses
from ringproto.card import Direction


def open_playback(card: Card, params: PcmParams, nth: int = 0) -> PlaybackPcm:
    """The card's nth playback stream, to be entered with `with`."""
    return PlaybackPcm(card.link(Direction.PLAYBACK, nth)[0], params)


def open_capture(card: Card, params: PcmParams, nth: int = 0) -> CapturePcm:
    """The card's nth capture stream, to be entered with `with`."""
    return CapturePcm(card.link(Direction.CAPTURE, nth)[0], params)


__all__ = [
    "CallbackStream",
    "CapturePcm",
    "Card",
    "Frames",
    "PcmParams",
    "PlaybackPcm",
    "arecover",
    "attached",
    "connect",
    "open_capture",
    "open_playback",
    "recover",
    "through_losses",
]
