"""Phase: where among the input frames each output frame of a resampler lies, to the last bit, as soxr counts.

To resample a piece of sound again, so that nobody hears the seam, is to give each output frame the very place among
the input frames that it had.  In theory an output lies on an input now and then (44100 to 48000 Hz: every 160th on
every 147th) and one could begin there anew.  But soxr steps from output to output by a rounded number, so what should
lie on an input drifts off: at 8000 to 48000 Hz by a 20000th of a frame in 25 s, which makes a seam of -71 dB in white
noise, and by a 150th in an hour.  The drift harms nobody (10^-10 of the rate at most), but it is to be known.

Theory.  soxr's variable-rate engine halves the rate (or doubles it, if it is to be raised) in whole stages, and steps
through the result in fixed point with 32 bits of fraction.  When the rate is lowered it takes two steps to an output.
So a step is the ratio in units of

    2^-33 input frames             when the rate is raised,
    2^-(32-n) input frames         when it is lowered, by n stages: the least n with ratio <= 2^n

rounded to a whole number, and output m lies m steps after output 0.  Stages start together on multiples of 2^(n-1)
input frames.
"""


class Phase:
    """Counts outputs and input frames from where a sound began.  One step is `step` units, an input frame `frame`."""

    def __init__(self, in_hz: int, out_hz: int) -> None:
        stages = ((in_hz - 1) // out_hz).bit_length()
        self.lowers = stages > 0
        """Whether the rate becomes less."""
        self.frame = 1 << (32 - stages if stages else 33)
        self.step = int(in_hz / out_hz * self.frame + 0.5)
        self.stride = 1 << max(stages - 1, 0)
        """Input frames between those at which a resampler can begin anew."""

    def frame_under(self, output: int) -> int:
        """The input frame in which an output lies."""
        return output * self.step // self.frame

    def output_after(self, input_frame: int) -> int:
        """The first output that does not lie before an input frame."""
        return -(-input_frame * self.frame // self.step)

    def start_near(self, output: int) -> tuple[int, int]:
        """An input frame to begin anew at, less than `stride` from an output; units the output lies behind that frame.

        When the rate is lowered it lies behind, otherwise before (less than none).  So who is to catch up steps
        further in one case and less far in the other, both of which keep soxr at its number of stages.
        """
        at = output * self.step
        stride = self.stride * self.frame
        start = at // stride if self.lowers else -(-at // stride)
        return start * self.stride, at - start * stride
