"""The CRMs that a branch can speak to, one file each; head office's settings name one by its file's name."""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from lobby_server.kernel.outward import BadPlace
from lobby_server.kernel.settings import BadSettings
from referral.crm_sync.port import Connector

SECRET_FILE = "head-office"
SIMULATED = "simulated"


@dataclass(frozen=True)
class Connected:
    """A connector, and the name by which people know it."""

    name: str
    connector: Connector


class Maker(Protocol):
    """A file of this folder."""

    def connect(self, told: Mapping[str, Any], secret: str) -> Connector:
        """The connector by its part of the settings; raises ValueError with the name of what is wrong."""


def names() -> list[str]:
    """Every connector there is."""
    return sorted(each.name for each in pkgutil.iter_modules(__path__))


def name_of(setting: str) -> str | None:
    """The connector that the setting `head_office` leads to; None where there is none."""
    return str(part_of(setting).get("connector")) if setting else None


def record_url(setting: str) -> str | None:
    """Where a person opens a record there, with `{id}` for its id; None where the settings do not say."""
    told = part_of(setting).get("record_url") if setting else None
    return told if isinstance(told, str) and "{id}" in told else None


def connected(setting: str, secrets: Path) -> Connected | None:
    """The connector of the setting `head_office`: the path of a settings file, or `simulated`. None where it is empty.

    Its password or token is a file beside the keys. Raises BadSettings for an unknown name or a wrong part.
    """
    if not setting:
        return None
    told, secret = part_of(setting), secrets / SECRET_FILE
    name = str(told.get("connector"))
    if name not in names():
        raise BadSettings(
            f"no connector {name!r}; there are: {', '.join(names())} (head_office = {setting}, connector)"
        )
    try:
        maker = cast(Maker, import_module(f"{__name__}.{name}"))
        return Connected(name, maker.connect(told, secret.read_text("utf-8").strip() if secret.is_file() else ""))
    except (ValueError, BadPlace) as error:
        raise BadSettings(f"head_office = {setting}: {error}") from error


def part_of(setting: str) -> Mapping[str, Any]:
    """What head office's file says. Raises BadSettings for a file that is not there, or is no TOML."""
    if setting == SIMULATED:
        return {"connector": SIMULATED}
    file = Path(setting)
    if not file.is_file():
        raise BadSettings(f"head_office = {setting}: no such file, and not {SIMULATED!r}")
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise BadSettings(f"head_office = {setting}: {error}") from error
