"""What head office's file says besides its connector: where its feeds are, and who is asked for strangers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lobby_server.kernel.house import House
from lobby_server.kernel.settings import BadSettings
from referral.crm_sync.connectors import SECRET_FILE, part_of

T = TypeVar("T")
# What every part has: where to ask, and with which headers; `{secret}` in one of them stands for head office's secret.
_EVERY = {"address", "allowed", "path", "headers"}


def read_part(
    house: House, name: str, own: set[str], read: Callable[[Mapping[str, Any], Mapping[str, str]], T]
) -> T | None:
    """A part of the file as `read(told, headers)` understands it; None where there is none.

    `own` are the names that it may have besides. Raises BadSettings naming what is wrong; `read` says so by ValueError.
    """
    setting = house.settings.head_office
    told = part_of(setting).get(name) if setting else None
    if told is None:
        return None
    file = house.settings.secrets / SECRET_FILE
    try:
        if unknown := sorted(told.keys() - _EVERY - own):
            raise ValueError(f"no {unknown[0]!r}; there are: {', '.join(sorted(_EVERY | own))}")
        secret = file.read_text("utf-8").strip() if file.is_file() else ""
        headers = {each: value.replace("{secret}", secret) for each, value in told.get("headers", {}).items()}
        return read(told, headers)
    except (ValueError, TypeError, AttributeError) as error:
        raise BadSettings(f"head_office = {setting}, [{name}]: {error}") from error
