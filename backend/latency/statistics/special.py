"""The distributions that intervals are made of: beta (binomial), gamma (Poisson) and Student's t.

numpy has no distribution functions, and scipy is a large thing to install for three of them.  Both functions below are
the classical ones: a continued fraction (NIST DLMF 8.17.22 and 8.9.2) evaluated from its front by Lentz's method, and
for small gamma arguments the series 8.11.4.  Their inverses are found by halving: slow, and never wrong.
"""

import math
from collections.abc import Callable, Iterator

TERMS_MAX = 1_000_000
"""About the square root of the arguments are needed: enough for more values than a run can have."""
ACCURACY = 1e-14
HALVINGS = 200
"""More than a float has bits between any two numbers met here."""
TINY = 1e-300
"""Stands for a zero that would be divided by."""


def beta_below(a: float, b: float, x: float) -> float:
    """P(X <= x) of the beta distribution: the regularised incomplete beta function I_x(a, b); a, b > 0."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side only
        return 1 - beta_below(b, a, 1 - x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / a / _fraction(1.0, _beta_terms(a, b, x))


def gamma_below(a: float, x: float) -> float:
    """P(X <= x) of the gamma distribution of shape a > 0 and scale 1: the regularised lower P(a, x)."""
    if x <= 0:
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x > a + 1:
        return 1 - front / _fraction(x + 1 - a, _gamma_terms(a, x))
    term = total = 1 / a
    for n in range(1, TERMS_MAX):
        term *= x / (a + n)
        total += term
        if term < total * ACCURACY:
            return total * front
    raise AssertionError(f"the series for P({a}, {x}) does not end")


def where(rising: Callable[[float], float], target: float, low: float, high: float) -> float:
    """The x between low and high at which a rising function passes the target."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return (low + high) / 2


def t_quantile(level: float, freedom: float) -> float:
    """The t that Student's distribution stays within, to both sides, with probability `level`."""
    x = where(lambda x: beta_below(freedom / 2, 0.5, x), 1 - level, 0.0, 1.0)
    return math.sqrt(freedom * (1 - x) / x)


def _fraction(first: float, terms: Iterator[tuple[float, float]]) -> float:
    """The fraction first + n1/(d1 + n2/(d2 + ...)), by Lentz's method as Thompson and Barnett changed it."""
    value, c, d = first, first, 0.0
    for numerator, denominator in terms:
        d = 1 / ((denominator + numerator * d) or TINY)
        c = (denominator + numerator / c) or TINY
        value *= c * d
        if abs(c * d - 1) < ACCURACY:
            return value
    raise AssertionError("a continued fraction does not end")


def _beta_terms(a: float, b: float, x: float) -> Iterator[tuple[float, float]]:
    yield -(a + b) * x / (a + 1), 1.0
    for m in range(1, TERMS_MAX):
        yield m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1.0
        yield -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1.0


def _gamma_terms(a: float, x: float) -> Iterator[tuple[float, float]]:
    return ((-m * (m - a), x + 2 * m + 1 - a) for m in range(1, TERMS_MAX))
