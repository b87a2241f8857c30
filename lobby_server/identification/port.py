"""What identification asks of the world outside the branch.

Head office knows every customer of the bank, a branch its own: somebody of another branch is asked for when they come.
"""

from __future__ import annotations

from typing import Protocol

from lobby_server.identification.rules import Seen

# What an asker stands at the kiosk for; who is known later than this is put on the visit that has begun by then.
ANSWERED_WITHIN_S = 0.15


class Elsewhere(Protocol):
    """Asks head office for whoever presents a code, a card or an ID that nobody here has."""

    def ask(self, seen: Seen, visit_id: str, branch_id: str) -> None:
        """Come back when it has answered, or after ANSWERED_WITHIN_S; whatever befalls it, nothing is raised.

        Who is named in time is a customer of this branch when it comes back; who is named later is recognised on the
        visit.
        """
