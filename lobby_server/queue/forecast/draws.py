"""Draws that stay with the customer: each comes from its ticket's id and what it is for alone."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from lobby_server.queue import twin

RUNS = 200  # docs/reference: expected wait; benchmarks/announcement_cost.py says what they cost
SERVICE_CV = 0.8
HOUR_MS = 3_600_000.0
_SIGMA = math.sqrt(math.log1p(SERVICE_CV**2))

Reals = npt.NDArray[np.float64]


def uniform(seeds: Sequence[str], use: str) -> Reals:
    """Numbers in (0, 1), float64[RUNS, n]: each column comes from its seed and what the numbers are for alone.

    SplitMix64 (Steele, Lea, Flood 2014) on a counter: no state to carry, all runs at once.
    """
    keys = [
        int.from_bytes(hashlib.blake2b(f"{use}:{each}".encode(), digest_size=8).digest(), "little") for each in seeds
    ]
    steps = np.arange(1, RUNS + 1, dtype=np.uint64)[:, None] * np.uint64(0x9E3779B97F4A7C15)
    x = np.array(keys, np.uint64)[None, :] + steps
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    found: Reals = ((x >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    return found


def service_s(seeds: Sequence[str], means_s: Sequence[float]) -> Reals:
    """Log-normal service times with these means and SERVICE_CV, float64[RUNS, n] in seconds (Box-Muller)."""
    normal = np.sqrt(-2 * np.log(uniform(seeds, "radius"))) * np.cos(2 * np.pi * uniform(seeds, "angle"))
    found: Reals = np.exp(_SIGMA * normal - _SIGMA**2 / 2) * np.array(means_s, np.float64)
    return found


def rest_s(seed: str, mean_s: float, elapsed_s: float) -> Reals:
    """What is left of a service after `elapsed_s`, float64[RUNS] in seconds, by inverting the distribution."""
    if elapsed_s <= 0:
        return service_s([seed], [mean_s])[:, 0]
    mu, standard = math.log(mean_s) - _SIGMA**2 / 2, NormalDist()
    # Far in the tail the inverse would meet 1: then it may end at any moment.
    begun = min(standard.cdf((math.log(elapsed_s) - mu) / _SIGMA), 1 - 1e-9)
    left = begun + (1 - begun) * uniform([seed], "rest")[:, 0]
    whole = [math.exp(mu + _SIGMA * standard.inv_cdf(min(each, 1 - 1e-12))) for each in left.tolist()]
    return np.maximum(np.array(whole) - elapsed_s, 0.0)


def leaves_of(seeds: Sequence[str], placed_ms: twin.Ints, per_h: float) -> twin.Ints:
    """When each would leave silently, int64[RUNS, n] in ms: exponential from their arrival."""
    if per_h <= 0:
        return np.full(placed_ms.shape, twin.NEVER, np.int64)
    patience: twin.Ints = (-np.log(uniform(seeds, "patience")) * HOUR_MS / per_h).astype(np.int64)
    return placed_ms + patience
