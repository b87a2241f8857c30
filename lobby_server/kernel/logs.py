"""What operators read: one JSON line a happening, without personal data.

We log a name and facts (`log.info("ticket_called", extra={"facts": {...}})`), never a sentence with
values baked in. As a second line of defence every run of 11 or more digits is blanked.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

# An id comes first in the choice, so that the digits within it are left to it.
_ID_OR_LONG_DIGITS = re.compile(r"(?P<id>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)|\d(?:[ -]?\d){10,}[Xx]?")


def blank_long_digits(text: str) -> str:
    """Replace what could be a card, ID or telephone number. Ids and times keep their letters and stay."""
    return _ID_OR_LONG_DIGITS.sub(lambda found: found["id"] or "[digits]", text)


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: no line feed from outside can forge a second one."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object: at, level, logger, name, facts, error."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "name": blank_long_digits(record.getMessage()),
        }
        facts = getattr(record, "facts", None)
        if facts:
            line["facts"] = {key: blank_long_digits(str(value)) for key, value in facts.items()}
        if record.exc_info:
            line["error"] = blank_long_digits(self.formatException(record.exc_info))
        return json.dumps(line)


def set_up_logs(level: str) -> None:
    """Send every log line, ours and the libraries', to standard error as JSON. Called by the roof only."""
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[to_stderr], force=True)
    # These libraries echo addresses and frames at INFO, which may hold a ticket key.
    for noisy in ("engineio", "socketio", "geventwebsocket", "werkzeug", "gevent.pywsgi", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
