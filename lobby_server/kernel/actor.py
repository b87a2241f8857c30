"""Who does a deed: a member of staff, a device, a program of head office, the holder of a ticket key, or the system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ActorKind = Literal["staff", "device", "public", "client", "system"]


@dataclass(frozen=True)
class Actor:
    """Who is asking. `roles`: role names for staff (`teller`), the kind for a device (`kiosk`), a client's scopes.

    `name` is shown to colleagues. `proof` is the id of the sign-in or token that counts as long as it
    lives; `csrf` is set for a person signed in with a cookie.
    """

    kind: ActorKind
    id: str
    branch_id: str
    roles: frozenset[str] = frozenset()
    number: str = ""
    name: str = ""
    proof: str = ""
    csrf: str = ""
    until: datetime | None = None

    @property
    def label(self) -> str:
        """How the audit and the idempotency scope name this actor: kind and id, no personal data."""
        return f"{self.kind}:{self.id}"


def system(branch_id: str) -> Actor:
    """The actor of due deeds and of commands given at the server's own console."""
    return Actor(kind="system", id="system", branch_id=branch_id)


NOBODY = Actor(kind="public", id="nobody", branch_id="")
