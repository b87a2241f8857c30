"""Redis as a hint between processes: "look at branch 0001 now". Losing it costs a poll, never an event."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

import redis

log = logging.getLogger(__name__)

CHANNEL = "lobby:hints"
WAITING_MAX = 1000
AFTER_A_FAILURE_S = 2.0
TIMEOUT_S = 2.0


class Hints:
    """Publishes and hears hints on threads of its own, so that no request ever waits for Redis."""

    def __init__(self, url: str, hear: Callable[[str], None]) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_connect_timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_keepalive=True,
            health_check_interval=10,
        )
        self._hear = hear
        self._said: queue.Queue[str] = queue.Queue(WAITING_MAX)
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to publish and to listen."""
        for loop in (self._publish, self._listen):
            threading.Thread(target=loop, name=f"hints{loop.__name__}", daemon=True).start()

    def stop(self) -> None:
        """End both loops within a second or two."""
        self._stopped.set()

    def say(self, branch_id: str) -> None:
        """There is news of a branch. Dropped when Redis hangs: the others poll."""
        try:
            self._said.put_nowait(branch_id)
        except queue.Full:
            return

    def _publish(self) -> None:
        while not self._stopped.is_set():
            try:
                self._redis.publish(CHANNEL, self._said.get(timeout=1))
            except queue.Empty:
                continue
            except redis.RedisError:
                self._rest()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            try:
                with redis.client.PubSub(self._redis.connection_pool, ignore_subscribe_messages=True) as channel:
                    channel.subscribe(CHANNEL)
                    while not self._stopped.is_set():
                        message = channel.get_message(timeout=1)
                        if message and isinstance(message["data"], bytes):
                            self._hear(message["data"].decode("utf-8", "replace"))
            except redis.RedisError:
                self._rest()

    def _rest(self) -> None:
        log.warning("redis_away")
        self._stopped.wait(AFTER_A_FAILURE_S)
