"""What happens to customers that the floors above must follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lobby_server.kernel.events import Event


@dataclass(frozen=True)
class CustomerMerged(Event):
    """Head office named somebody whom the branch knew as a prospect: two ids are one customer from now on."""

    type: ClassVar[str] = "customer.merged"
    prospect_id: str
    customer_id: str
