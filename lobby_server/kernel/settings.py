"""The settings: one frozen object, built once at the roof, checked whole, refused loudly.

Read from one TOML file (`--config` or `LOBBY_CONFIG`), then from the environment for the three things
a service manager hands over: the database, Redis and the folder of secrets.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

_ENVIRONMENT = {
    "LOBBY_DATABASE_URL": "database_url",
    "LOBBY_REDIS_URL": "redis_url",
    "LOBBY_SECRETS_DIR": "secrets_dir",
    "LOBBY_DEMO_PASSWORD": "demo_password",
}

_BOUNDS = (("poll_ms", 20, 5000), ("beat_s", 1, 15), ("replay_events_max", 1, 10_000), ("proxies", 0, 3))


class BadSettings(Exception):
    """A setting is wrong: the message says which, what was found and what was expected."""


def _setting(default: Any, says: str) -> Any:
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True)
class Settings:
    """Everything that can be set. `docs/reference/settings.md` lists the same, and a test compares."""

    data_dir: Path = _setting(Path("var/lobby"), "folder of the SQLite files and, by default, of the secrets")
    database_url: str = _setting("", "SQLAlchemy address; empty means SQLite in the data folder")
    redis_url: str = _setting("", "address of Redis, only a hint between processes; empty means none")
    secrets_dir: str = _setting("", "folder of keyring.json; empty means `secrets` in the data folder")
    host: str = _setting("127.0.0.1", "address to listen on; `demo` always takes loopback")
    port: int = _setting(8000, "port to listen on")
    public_url: str = _setting("", "address that customers' phones reach; empty: tickets carry no QR")
    origins: tuple[str, ...] = _setting((), "browser origins that may command, besides the server's own")
    proxies: int = _setting(0, "reverse proxies in front, whose X-Forwarded-For, -Proto and -Host are believed")
    head_office: str = _setting(
        "", "file that says how head office's CRM is reached; empty: steps wait in the outbox (the trial simulates one)"
    )
    webhook_networks: tuple[str, ...] = _setting(
        (), "the bank's own networks that webhooks may lead into; else only public addresses"
    )
    recordings_dir: str = _setting(
        "", "folder of the bank's own voice clips (`zh-CN/please.wav`); empty: all synthetic"
    )
    bank_names: Mapping[str, str] = field(
        default_factory=lambda: {"zh-CN": "示例银行", "en": "Example Bank"},
        metadata={"says": "the bank's name in each language"},
    )
    log_level: str = _setting("warning", "debug, info, warning or error")
    poll_ms: int = _setting(250, "how often the event log is looked at when no hint came")
    beat_s: int = _setting(5, "silence after which a screen is told the newest number")
    replay_events_max: int = _setting(1000, "missed events sent one by one; above it a screen starts anew")
    arrivals_outside_hours: bool = _setting(
        False, "kiosks let people check in while the branch is closed (a 24-hour hall; always so in the trial)"
    )
    demo: bool = _setting(False, "furnished trial: demo pages and a demo signing key (never in production)")
    demo_password: str = _setting("", "one password for all demo sign-ins; empty makes a random one")

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise BadSettings(f"port {self.port}: expected 1 to 65535")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise BadSettings(f"log_level {self.log_level!r}: expected debug, info, warning or error")
        if set(self.bank_names) != {"zh-CN", "en"} or not all(
            isinstance(each, str) for each in self.bank_names.values()
        ):
            raise BadSettings("bank_names: expected a text for zh-CN and one for en")
        if not all(isinstance(each, str) for each in self.origins):
            raise BadSettings("origins: expected a list of texts")
        for name, least, most in _BOUNDS:
            if not least <= getattr(self, name) <= most:
                raise BadSettings(f"{name} {getattr(self, name)}: expected {least} to {most}")

    @property
    def database(self) -> str:
        """The SQLAlchemy address in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'lobby.sqlite3'}"

    @property
    def secrets(self) -> Path:
        """The folder that holds the keys."""
        return Path(self.secrets_dir) if self.secrets_dir else self.data_dir / "secrets"


def build_settings(config: Path | None, environment: Mapping[str, str], **given: object) -> Settings:
    """Put the file, the environment and the command line (`given`, strongest) together.

    Raises BadSettings for an unknown name, a wrong type or a value out of bounds.
    """
    values: dict[str, object] = {}
    config = config or (Path(environment["LOBBY_CONFIG"]) if "LOBBY_CONFIG" in environment else None)
    if config is not None:
        if not config.is_file():
            raise BadSettings(f"no settings file at {config}")
        try:
            values.update(tomllib.loads(config.read_text("utf-8")))
        except ValueError as error:
            raise BadSettings(f"{config}: {error}") from error
    values.update({name: environment[var] for var, name in _ENVIRONMENT.items() if environment.get(var)})
    values.update({name: value for name, value in given.items() if value is not None})
    return Settings(**{name: _as_declared(name, value) for name, value in values.items()})


def _as_declared(name: str, value: object) -> Any:
    """The value in the type that the setting has, or BadSettings."""
    declared = {each.name: each for each in fields(Settings)}
    if name not in declared:
        raise BadSettings(f"no setting {name!r}; there are: {', '.join(declared)}")
    factory = declared[name].default_factory
    default = factory() if factory is not MISSING else declared[name].default
    if isinstance(default, Path) and isinstance(value, str | Path):
        return Path(value)
    if isinstance(default, tuple) and isinstance(value, list | tuple):
        return tuple(value)
    if isinstance(default, Mapping) and isinstance(value, Mapping):
        return value
    if type(value) is not type(default):
        raise BadSettings(f"{name} is {type(value).__name__}, expected {type(default).__name__}")
    return value
