"""Turns each card into its token and drops the number. Nothing else of a card leaves this process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiosk.agent.devices.card_reader.bins import is_own
from kiosk.agent.devices.card_reader.port import CardReader, CardRefused
from kiosk.agent.devices.driving import Line
from kiosk.agent.devices.port import STEP_S_MAX
from kiosk.agent.devices.token import load_token_keys


def run(reader: CardReader, line: Line, told: Mapping[str, Any]) -> None:
    """Until the agent goes or the reader fails."""
    keys = load_token_keys(Path(told["token_keys_file"]))
    own_bins = tuple(str(each) for each in told.get("own_bins", ()))
    reader.open()
    while True:
        line.order(wait_s=0)
        try:
            card = reader.read(STEP_S_MAX)
        except CardRefused as refused:
            line.tell("refused", reason=refused.args[0])
            continue
        if card is not None and not is_own(card.pan, own_bins):
            line.tell("refused", reason="other_bank")
        elif card is not None:
            current, *older = keys.tokens("pan", card.pan)
            line.tell("seen", kind="card_token", value=current, older=older)
        del card
        line.alive(card_reader="ok")
