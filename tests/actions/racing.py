"""Several deeds that begin at the same moment, each on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
END_S_MAX = 60.0


def at_once(deeds: Sequence[Callable[[], T]]) -> list[T]:
    """Their answers, in no order. A deed that raises fails the test."""
    start = threading.Barrier(len(deeds))
    answers: list[T] = []
    failed: list[BaseException] = []

    def run(deed: Callable[[], T]) -> None:
        start.wait()
        try:
            answers.append(deed())
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(deed,), daemon=True) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(END_S_MAX)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    assert failed == []
    return answers
