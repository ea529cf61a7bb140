"""One more rule for PCMs: while it is fed, its own count is what the position follows, and nothing runs dry.

The contract's rules leave a device to itself, and then the system's clock stands in for a PCM that has run dry.
"""

from backend.devices.checks import NS_PER_S, PLAYBACK, RATE_ERROR_PPM_MAX, Bench


def keeps_its_rate_while_it_is_fed(bench: Bench) -> None:
    """The position is the elapsed time at the rate, within the crystal's error, its grain and a period to start in."""
    bench.write(bench.buffer)
    started_ns = bench.start()
    for _ in range(24):
        bench.wait(0.5)
        now_ns = bench.loop.now_ns()
        position = bench.device.position(now_ns)
        nominal = (now_ns - started_ns) * bench.device.params.rate_hz // NS_PER_S
        error = nominal * RATE_ERROR_PPM_MAX // 1_000_000 + bench.grain + bench.period
        assert nominal - error <= position <= nominal + error, f"{position} after {nominal} frames of time"
        bench.write(bench.buffer)


FED_PLAYBACK = (*PLAYBACK, keeps_its_rate_while_it_is_fed)
