"""Turns each identity card into its token and drops the number."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiosk.agent.devices.driving import Line
from kiosk.agent.devices.id_reader.port import IdReader, IdUnreadable
from kiosk.agent.devices.port import STEP_S_MAX
from kiosk.agent.devices.token import load_token_keys


def run(reader: IdReader, line: Line, told: Mapping[str, Any]) -> None:
    """Until the agent goes or the reader fails."""
    keys = load_token_keys(Path(told["token_keys_file"]))
    reader.open()
    while True:
        line.order(wait_s=0)
        try:
            card = reader.read(STEP_S_MAX)
        except IdUnreadable:
            line.tell("refused", reason="unreadable")
            continue
        if card is not None:
            current, *older = keys.tokens("id", card.number)
            line.tell("seen", kind="id_token", value=current, older=older)
        del card
        line.alive(id_reader="ok")
