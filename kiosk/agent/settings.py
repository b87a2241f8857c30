"""The agent's settings: one TOML file, checked whole, refused loudly.

Each table `[camera]`, `[scanner]`, `[card_reader]`, `[id_reader]`, `[printer]` is one device; a kiosk with two of
a kind writes `[[scanner]]` twice. A device's own settings are the fields of its driver, and its process checks them.
"""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from kiosk.agent import devices
from kiosk.agent.wire import PORT

KINDS = ("camera", "scanner", "card_reader", "id_reader", "printer")
SERIES_MAX = 99
DAY_MINUTES = 24 * 60


class BadSettings(Exception):
    """A setting is wrong: the message says which, what was found and what was expected."""


@dataclass(frozen=True)
class DeviceSettings:
    """One device: which driver runs it, and what that driver is told."""

    kind: str
    driver: str
    given: Mapping[str, Any]


def _setting(default: Any, says: str) -> Any:
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True)
class Settings:
    """Everything that can be set beside the devices. `docs/recipes/set-up-a-kiosk.md` shows a file."""

    server: str = _setting("http://127.0.0.1:8000", "address of the branch server")
    ca_file: Path = _setting(Path(), "certificate that vouches for the server; empty: the machine's own list")
    data_dir: Path = _setting(Path("var/kiosk"), "folder of the device key and of the tickets issued alone")
    name: str = _setting("Kiosk", "as the device page of the branch shows it")
    series: int = _setting(0, "numbers the tickets given alone: 2 gives K02-001; 0: as the branch server says")
    cut_over_minute: int = _setting(240, "minute after midnight at which the branch's business day turns")
    port: int = _setting(PORT, "loopback port on which the page finds the agent")
    page_origins: tuple[str, ...] = _setting(("http://127.0.0.1:8000",), "where the kiosk page comes from")
    secret_file: Path = _setting(Path("var/kiosk/page-secret"), "the secret of this boot, handed to the page")
    token_keys_file: Path = _setting(Path(), "keys of the card and ID tokens; needed by card and ID readers")
    own_bins: tuple[str, ...] = _setting((), "first digits of the bank's own cards; empty: the server decides")
    log_level: str = _setting("warning", "debug, info, warning or error")
    devices: tuple[DeviceSettings, ...] = ()

    def __post_init__(self) -> None:
        if not self.server.startswith(("http://", "https://")):
            raise BadSettings(f"server {self.server!r}: expected an http or https address")
        if not 0 <= self.series <= SERIES_MAX:
            raise BadSettings(f"series {self.series}: expected 1 to {SERIES_MAX}, or 0 for the branch server's choice")
        if not 0 <= self.cut_over_minute < DAY_MINUTES:
            raise BadSettings(f"cut_over_minute {self.cut_over_minute}: expected 0 to {DAY_MINUTES - 1}")
        if not 1 <= self.port <= 65535:
            raise BadSettings(f"port {self.port}: expected 1 to 65535")
        if not self.page_origins:
            raise BadSettings("page_origins: expected at least one")
        if not all(each.isdigit() for each in self.own_bins):
            raise BadSettings("own_bins: expected a list of texts of digits")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise BadSettings(f"log_level {self.log_level!r}: expected debug, info, warning or error")
        readers = {device.kind for device in self.devices} & {"card_reader", "id_reader"}
        if readers and not self.token_keys_file.is_file():
            raise BadSettings(f"token_keys_file: {min(readers)} needs one, found none at {self.token_keys_file}")


def read_settings(path: Path) -> Settings:
    """The settings of a file. Raises BadSettings for an unknown name, a wrong type or an unknown driver."""
    if not path.is_file():
        raise BadSettings(f"no settings file at {path}")
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BadSettings(f"{path}: {error}") from error
    told = tuple(device for kind in KINDS for device in _devices(kind, found.pop(kind, [])))
    return Settings(**{name: _as_declared(name, value) for name, value in found.items()}, devices=told)


def driver_names(kind: str) -> list[str]:
    """The drivers of a kind: the files in its folder."""
    folder = Path(devices.__path__[0]) / kind / "drivers"
    return sorted(each.name for each in pkgutil.iter_modules([str(folder)]))


def _devices(kind: str, told: object) -> list[DeviceSettings]:
    tables = told if isinstance(told, list) else [told]
    found = []
    for table in tables:
        if not isinstance(table, dict):
            raise BadSettings(f"{kind} is {type(table).__name__}, expected a table [{kind}]")
        given = dict(table)
        driver = given.pop("driver", None)
        if driver not in driver_names(kind):
            there_are = ", ".join(driver_names(kind))
            raise BadSettings(
                f"no {kind.replace('_', ' ')} {driver!r}; there are: {there_are} (kiosk.toml, [{kind}] driver)"
            )
        found.append(DeviceSettings(kind, driver, given))
    return found


def _as_declared(name: str, value: object) -> Any:
    declared = {each.name: each.default for each in fields(Settings) if each.name != "devices"}
    if name not in declared:
        raise BadSettings(f"no setting {name!r}; there are: {', '.join(declared)}, and tables {', '.join(KINDS)}")
    default = declared[name]
    if isinstance(default, Path) and isinstance(value, str):
        return Path(value)
    if isinstance(default, tuple) and isinstance(value, list):
        return tuple(str(each) for each in value)
    if type(value) is not type(default):
        raise BadSettings(f"{name} is {type(value).__name__}, expected {type(default).__name__}")
    return value
