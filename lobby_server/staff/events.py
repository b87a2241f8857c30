"""What befalls sign-ins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lobby_server.kernel.events import Event


@dataclass(frozen=True)
class SignedOut(Event):
    """A sign-in ended; its connections end with it."""

    type: ClassVar[str] = "staff.signed_out"
    sign_in_id: str
