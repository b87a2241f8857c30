"""How much one place may ask: a bucket of tokens for each, in this process, without Redis."""

from __future__ import annotations

import math
from collections import OrderedDict

from lobby_server.kernel.clock import Clock
from lobby_server.kernel.errors import Throttled

PLACES_MAX = 10_000  # the least recently seen is forgotten, which only makes it welcome again


class Limiter:
    """Lets `per_s` through on average and `burst` at once, for each place on its own."""

    def __init__(self, clock: Clock, *, per_s: float, burst: int) -> None:
        self._clock = clock
        self._per_s = per_s
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, place: str) -> None:
        """Take one token or raise Throttled with the seconds until the next one."""
        now = self._clock.elapsed_s()
        tokens, before = self._buckets.pop(place, (float(self._burst), now))
        tokens = min(self._burst, tokens + max(0.0, now - before) * self._per_s)
        allowed = tokens >= 1
        self._buckets[place] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > PLACES_MAX:
            self._buckets.popitem(last=False)
        if not allowed:
            raise Throttled("too_many_requests", retry_after_s=math.ceil((1 - tokens) / self._per_s))
