"""What all drivers promise, whatever their kind.

A driver is a dataclass named `Driver`; its fields are its settings. Making one opens nothing. It is opened in a process
of its own, and from then on every call returns within `STEP_S_MAX`, with or without something seen: the process must
be able to say that it is alive. What cannot go on raises `DeviceTrouble` with a code; the process ends and the agent
starts it anew, after a pause that grows.
"""

from __future__ import annotations

STEP_S_MAX = 1.0


class DeviceTrouble(Exception):
    """The device is gone or does not work; the first argument is a code without any value that was read."""


class BadDeviceSettings(Exception):
    """What kiosk.toml says of a device is wrong: the message says which setting, what was found and what expected."""
