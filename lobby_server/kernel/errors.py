"""The ways this system says no.

    Refusal
    ├── Unreadable     what was sent cannot be read at all (not JSON, too long, wrong type)
    ├── Unproven       we do not know who is asking
    ├── Forbidden      we know who is asking, and they may not
    ├── NotFound       there is no such thing, or it is another branch's
    ├── Conflict       it was possible a moment ago, or for somebody else
    ├── Gone           it existed once and is used up
    ├── Invalid        it was read and understood, and it breaks a rule
    ├── Throttled      too much at once from one place
    └── Unavailable    we cannot do it now; nothing was changed; try again

A refusal carries a stable `code` and the facts a screen needs; screens turn codes into words.
"""

from __future__ import annotations


class Refusal(Exception):
    """Somebody asked for something that cannot be done; nothing has changed.

    `code` is stable and lower_snake. `facts` are JSON values and never hold what was sent.
    `audited` asks the work to leave one audit row about the attempt.
    """

    def __init__(self, code: str, *, audited: bool = False, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.audited = audited


class Unreadable(Refusal):
    """What was sent cannot be read."""


class Unproven(Refusal):
    """We do not know who is asking."""


class Forbidden(Refusal):
    """Known, and not allowed."""


class NotFound(Refusal):
    """Unknown here. Another branch's things answer the same."""


class Conflict(Refusal):
    """Somebody was faster, or the thing has moved on."""


class Gone(Refusal):
    """It existed once and is used up."""


class Invalid(Refusal):
    """Understood, and against a rule."""


class Throttled(Refusal):
    """Too much at once; `retry_after_s` says when to come back."""


class Unavailable(Refusal):
    """Not now: busy, no room, or shutting down. Nothing was changed."""
