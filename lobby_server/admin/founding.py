"""Founding branches: from a file in earnest, from the trial's plan in the trial."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from lobby_server.branch.actions import OpenBranch, open_branch
from lobby_server.branch.wire import FoundedBranch
from lobby_server.doors.reading import Wire, read_model
from lobby_server.kernel.errors import Unreadable
from lobby_server.kernel.work import Work
from lobby_server.queue.actions import StartQueue, start_queue
from lobby_server.queue.rules import ACCUMULATING, QueuePolicy

FIRST_POLICY = QueuePolicy(discipline=ACCUMULATING, version=1, overtake_cap=5)
BRANCHES_MAX = 100  # more than one server serves


class BranchFile(Wire):
    """`[[branch]]`, once for each."""

    branch: Annotated[list[FoundedBranch], Field(min_length=1, max_length=BRANCHES_MAX)]


def read_branch_file(text: str) -> list[FoundedBranch]:
    """The branches of a TOML file.

    Raises Unreadable("bad_toml") with the place, Invalid("invalid_fields") that names each wrong field.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable("bad_toml", at=str(error)) from None
    return read_model(BranchFile, told).branch


def found_branches(work: Work, founded: Sequence[FoundedBranch]) -> None:
    """All of them or none, each with its points and an empty queue. Raises what `open_branch` raises."""
    for each in founded:
        open_branch(work, OpenBranch(each.branch(), each.service_points()))
        start_queue(work, StartQueue(each.id, FIRST_POLICY))
