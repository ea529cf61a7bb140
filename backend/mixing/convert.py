"""Octets of any linear format to float32 and back; full scale is +-1.

Rules:

1. An integer of n significant bits is scaled by 2^(n-1) both ways, so zero is zero, silence is silence, and every
   integer of up to 24 bits comes back as it went.  32-bit integers keep the 24 bits that a float32 has.
2. Unsigned is signed with the top bit flipped.  24 bits lie in the low three octets of four; the fourth is ignored
   when read and is the sign when written.
3. Rounding is to nearest, halves to even (rint): no offset, and the same for both signs.
4. What exceeds full scale saturates at [-2^(n-1), 2^(n-1) - 1], never wraps, and is counted.  The limit of 32 bits is
   no float32, so these devices are served through float64.
5. Floats of a guest are made safe on the way in: NaN becomes 0 and the rest is kept within +-1.  So all behind a
   decoder is finite.

Companded and compressed formats (mu-law, A-law, ADPCM, MPEG, GSM, IEC 958 subframes) are refused: to mix them is to
decode them first, and ALSA in the guest does that.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ringproto.errors import Errno, ProtocolError
from ringproto.formats import Format

FloatArray: TypeAlias = npt.NDArray[np.float32]
_Work: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
#: `decode(octets, out)`: whole samples into as many floats.
Decode: TypeAlias = Callable[[memoryview, FloatArray], None]
#: `encode(samples, octets)`: floats into as many whole samples; how many were clipped.
Encode: TypeAlias = Callable[[FloatArray, memoryview], int]


def supported_formats() -> tuple[Format, ...]:
    """What guests and devices may use: all that is linear."""
    return tuple(format_ for format_ in Format if format_.linear)


def decoder(format_: Format, samples_max: int) -> Decode:
    """A function for up to `samples_max` samples at once.  Raises ProtocolError(EINVAL) for what is not linear."""
    _require_linear(format_)
    if format_.is_float:
        return _FloatDecoder(format_, samples_max).decode
    if format_.signed and format_.significant_bits == 8 * format_.sample_octets:
        return _SignedDecoder(format_).decode
    return _BitsDecoder(format_, samples_max).decode


def encoder(format_: Format, samples_max: int) -> Encode:
    """A function for up to `samples_max` samples at once.  Raises ProtocolError(EINVAL) for what is not linear."""
    _require_linear(format_)
    return (_FloatEncoder if format_.is_float else _IntegerEncoder)(format_, samples_max).encode


def _require_linear(format_: Format) -> None:
    if not format_.linear:
        raise ProtocolError(Errno.EINVAL, f"format {format_.xen_name} is not linear and cannot be mixed")


def _dtype(format_: Format, kind: str) -> np.dtype[np.generic]:
    return np.dtype(f"{'>' if format_.big_endian else '<'}{kind}{format_.sample_octets}")


class _FloatDecoder:
    """Copies before it looks: a double too wild for a float32 is tamed as a double."""

    def __init__(self, format_: Format, samples_max: int) -> None:
        self._dtype = _dtype(format_, "f")
        self._samples = np.empty(samples_max, f"=f{format_.sample_octets}")
        self._is_nan = np.empty(samples_max, np.bool_)

    def decode(self, octets: memoryview, out: FloatArray) -> None:
        samples, is_nan = self._samples[: len(out)], self._is_nan[: len(out)]
        np.copyto(samples, np.frombuffer(octets, self._dtype))
        np.isnan(samples, out=is_nan)
        if np.logical_or.reduce(is_nan):
            samples[is_nan] = 0.0
        np.minimum(samples, 1.0, out=samples)
        np.maximum(samples, -1.0, out=out, casting="same_kind")


class _SignedDecoder:
    def __init__(self, format_: Format) -> None:
        self._dtype = _dtype(format_, "i")
        self._scale = np.float32(2.0 ** (1 - format_.significant_bits))

    def decode(self, octets: memoryview, out: FloatArray) -> None:
        np.multiply(np.frombuffer(octets, self._dtype), self._scale, out=out, dtype=np.float32)


class _BitsDecoder:
    """Moves the significant bits to the top, and flips the top one if unsigned."""

    def __init__(self, format_: Format, samples_max: int) -> None:
        container_bits = 8 * format_.sample_octets
        self._dtype = _dtype(format_, "u")
        self._bits = np.empty(samples_max, f"=u{format_.sample_octets}")
        self._signed = self._bits.view(f"=i{format_.sample_octets}")
        self._shift = self._bits.dtype.type(container_bits - format_.significant_bits)
        self._flip = self._bits.dtype.type(0 if format_.signed else 1 << (container_bits - 1))
        self._scale = np.float32(2.0 ** (1 - container_bits))

    def decode(self, octets: memoryview, out: FloatArray) -> None:
        bits = self._bits[: len(out)]
        np.left_shift(np.frombuffer(octets, self._dtype), self._shift, out=bits)
        np.bitwise_xor(bits, self._flip, out=bits)
        np.multiply(self._signed[: len(out)], self._scale, out=out, dtype=np.float32)


class _FloatEncoder:
    def __init__(self, format_: Format, samples_max: int) -> None:
        self._dtype = _dtype(format_, "f")
        self._limited = np.empty(samples_max, np.float32)

    def encode(self, samples: FloatArray, octets: memoryview) -> int:
        limited = self._limited[: len(samples)]
        np.copyto(limited, samples)
        clipped = _saturate(limited, -1.0, 1.0)
        np.copyto(np.frombuffer(octets, self._dtype), limited)
        return clipped


class _IntegerEncoder:
    def __init__(self, format_: Format, samples_max: int) -> None:
        self._dtype = _dtype(format_, "i" if format_.signed else "u")
        self._full_scale = 2.0 ** (format_.significant_bits - 1)
        self._offset = 0.0 if format_.signed else self._full_scale
        self._scaled: _Work = np.empty(samples_max, np.float32)
        if format_.significant_bits > 24:
            self._scaled = np.empty(samples_max, np.float64)

    def encode(self, samples: FloatArray, octets: memoryview) -> int:
        scaled = self._scaled[: len(samples)]
        np.multiply(samples, self._full_scale, out=scaled)
        np.rint(scaled, out=scaled)
        clipped = _saturate(scaled, -self._full_scale, self._full_scale - 1)
        if self._offset:
            np.add(scaled, self._offset, out=scaled)
        np.copyto(np.frombuffer(octets, self._dtype), scaled, casting="unsafe")
        return clipped


def _saturate(samples: "npt.NDArray[np.float32] | npt.NDArray[np.float64]", low: float, high: float) -> int:
    if np.minimum.reduce(samples) >= low and np.maximum.reduce(samples) <= high:
        return 0
    clipped = int(np.count_nonzero((samples < low) | (samples > high)))
    np.clip(samples, low, high, out=samples)
    return clipped
