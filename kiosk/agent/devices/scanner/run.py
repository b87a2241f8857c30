"""Hands each scanned code on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.agent.devices.driving import Line
from kiosk.agent.devices.port import STEP_S_MAX
from kiosk.agent.devices.scanner.port import Scanner


def run(scanner: Scanner, line: Line, told: Mapping[str, Any]) -> None:
    """Until the agent goes or the scanner fails."""
    scanner.open()
    while True:
        line.order(wait_s=0)
        text = scanner.read(STEP_S_MAX)
        if text is not None:
            line.tell("seen", kind="qr", value=text)
        line.alive(scanner="ok")
