"""The 25 sample formats of sndif: code, names, and how a sample lies in memory.

Two spellings live in the field for the floating-point ones: sndif.h and Linux say `float_le`, libxl's tools say
`f32_le`.  Both are read, in any case; the first is written.

Every 24-bit format sits in a 4-octet container, low three octets used, as Linux maps it.
"""

from collections.abc import Iterable
from enum import Enum

from ringproto.errors import Errno, ProtocolError

#: Longest name, as sndif.h bounds it.
NAME_MAX = 24


class Format(Enum):
    """A sample format; the value is (code, name, octets, significant bits, flags).

    Flags: `s` signed, `f` floating point (signed too), `>` big-endian, `x` not linear (nothing to be added or scaled).
    """

    S8 = (0, "s8", 1, 8, "s")
    U8 = (1, "u8", 1, 8, "")
    S16_LE = (2, "s16_le", 2, 16, "s")
    S16_BE = (3, "s16_be", 2, 16, "s>")
    U16_LE = (4, "u16_le", 2, 16, "")
    U16_BE = (5, "u16_be", 2, 16, ">")
    S24_LE = (6, "s24_le", 4, 24, "s")
    S24_BE = (7, "s24_be", 4, 24, "s>")
    U24_LE = (8, "u24_le", 4, 24, "")
    U24_BE = (9, "u24_be", 4, 24, ">")
    S32_LE = (10, "s32_le", 4, 32, "s")
    S32_BE = (11, "s32_be", 4, 32, "s>")
    U32_LE = (12, "u32_le", 4, 32, "")
    U32_BE = (13, "u32_be", 4, 32, ">")
    FLOAT_LE = (14, "float_le", 4, 32, "f")
    FLOAT_BE = (15, "float_be", 4, 32, "f>")
    FLOAT64_LE = (16, "float64_le", 8, 64, "f")
    FLOAT64_BE = (17, "float64_be", 8, 64, "f>")
    IEC958_SUBFRAME_LE = (18, "iec958_subframe_le", 4, 24, "x")
    IEC958_SUBFRAME_BE = (19, "iec958_subframe_be", 4, 24, "x>")
    MU_LAW = (20, "mu_law", 1, 8, "x")
    A_LAW = (21, "a_law", 1, 8, "x")
    IMA_ADPCM = (22, "ima_adpcm", 1, 4, "x")
    MPEG = (23, "mpeg", 1, 0, "x")
    GSM = (24, "gsm", 1, 0, "x")

    def __init__(self, code: int, xen_name: str, sample_octets: int, significant_bits: int, flags: str) -> None:
        self.code = code
        """Number in OPEN, and bit in the mask of HW_PARAM_QUERY."""
        self.xen_name = xen_name
        """Name in xenstore."""
        self.sample_octets = sample_octets
        """Octets of one sample's container; compressed streams count octets, so 1."""
        self.significant_bits = significant_bits
        """Bits of the container that carry the sample; 0 where a sample has no fixed size."""
        self.signed = "s" in flags or "f" in flags
        self.is_float = "f" in flags
        self.big_endian = ">" in flags
        self.linear = "x" not in flags
        """Whether samples are plain numbers, proportional to sound pressure."""
        self.mask = 1 << code

    @classmethod
    def from_code(cls, code: int) -> "Format":
        """The format numbered `code`; raises ProtocolError(EINVAL)."""
        if code >= len(_BY_CODE):
            raise ProtocolError(Errno.EINVAL, f"format: {code} is none of 0..{len(_BY_CODE) - 1}")
        return _BY_CODE[code]

    @classmethod
    def from_name(cls, name: str) -> "Format":
        """The format called `name`, in either spelling and any case; raises ProtocolError(EINVAL)."""
        known = _BY_NAME.get(name.lower()) if len(name) <= NAME_MAX else None
        if known is None:
            raise ProtocolError(Errno.EINVAL, f"format: {name[:NAME_MAX]!r} is not a name of sndif")
        return known


def formats_in_mask(mask: int) -> tuple[Format, ...]:
    """The formats whose bits are set in `mask`, by code; bits that mean nothing are ignored."""
    return tuple(format_ for format_ in _BY_CODE if mask & format_.mask)


def mask_of(formats: Iterable[Format]) -> int:
    """The mask with the bit of every one of `formats` set."""
    mask = 0
    for format_ in formats:
        mask |= format_.mask
    return mask


_BY_CODE = tuple(Format)
assert all(format_.code == code for code, format_ in enumerate(_BY_CODE))
_BY_NAME = {format_.xen_name: format_ for format_ in Format} | {
    "f32_le": Format.FLOAT_LE,
    "f32_be": Format.FLOAT_BE,
    "f64_le": Format.FLOAT64_LE,
    "f64_be": Format.FLOAT64_BE,
}
