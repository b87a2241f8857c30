"""An API client and what it may do."""

from __future__ import annotations

from dataclasses import dataclass

TOKEN_BEGINS = "blc_"  # told apart from a device's token before anything is looked up, and found by leak scanners
TOKEN_BYTES = 32


@dataclass(frozen=True)
class ApiClient:
    """A program of head office at one branch. `scopes` say which doors it may use."""

    id: str
    branch_id: str
    name: str
    scopes: frozenset[str]
