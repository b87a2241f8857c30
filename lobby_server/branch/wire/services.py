"""Head office's file of services: which branch offers what."""

from __future__ import annotations

from pydantic import Field

from lobby_server.doors.feeds import read_feed
from lobby_server.doors.reading import Code, Wire
from lobby_server.kernel.feeds import FeedFile

SERVICES_MAX = 200  # a bank has some dozens


class ServicesLine(Wire):
    """What one branch offers."""

    branch: Code
    service_types: list[Code] = Field(max_length=SERVICES_MAX)


def read_services_file(raw: bytes) -> FeedFile[tuple[str, frozenset[str]]]:
    """Read a whole file; raises what `read_feed` raises."""
    return read_feed(
        raw,
        "services",
        ServicesLine,
        lambda line, _mark: (line.branch, frozenset(line.service_types)),
        lambda line: [("branch", line.branch)],
    )
