"""The settings: put together in one order, checked whole, refused with what was expected."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from lobby_server.kernel.settings import BadSettings, Settings, build_settings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The path of a settings file."""
    return tmp_path / "lobby.toml"


def test_without_a_word_everything_has_its_default() -> None:
    assert build_settings(None, {}) == Settings()
    assert Settings().database == "sqlite:///var/lobby/lobby.sqlite3"
    assert Settings().secrets == Path("var/lobby/secrets")


def test_a_file_says_what_it_wants_otherwise(config: Path) -> None:
    config.write_text(
        'data_dir = "/srv/lobby"\nport = 9000\norigins = ["https://q.example.cn"]\n'
        'bank_names = { "zh-CN" = "江南银行", en = "Jiangnan Bank" }\n',
        encoding="utf-8",
    )
    built = build_settings(config, {})
    assert (built.data_dir, built.port, built.origins) == (Path("/srv/lobby"), 9000, ("https://q.example.cn",))
    assert built.bank_names == {"zh-CN": "江南银行", "en": "Jiangnan Bank"}
    assert built.database == "sqlite:////srv/lobby/lobby.sqlite3"


def test_the_environment_beats_the_file_and_the_command_line_beats_both(config: Path) -> None:
    config.write_text('database_url = "sqlite:///file"\nredis_url = "redis://file"\nport = 1\n')
    environment = {"LOBBY_DATABASE_URL": "sqlite:///environment", "LOBBY_CONFIG": str(config)}
    built = build_settings(None, environment, port=3, data_dir=None)
    assert (built.database_url, built.redis_url, built.port) == ("sqlite:///environment", "redis://file", 3)
    built = build_settings(None, environment, database_url="sqlite:///given")
    assert built.database_url == "sqlite:///given"


def test_a_file_that_is_named_beats_the_one_of_the_environment(config: Path) -> None:
    config.write_text("port = 1\n")
    assert build_settings(config, {"LOBBY_CONFIG": "/nowhere"}).port == 1


def test_an_empty_word_of_the_environment_says_nothing(config: Path) -> None:
    config.write_text('redis_url = "redis://file"\n')
    assert build_settings(config, {"LOBBY_REDIS_URL": ""}).redis_url == "redis://file"


def test_other_words_of_the_environment_are_none_of_our_business() -> None:
    assert build_settings(None, {"LOBBY_PORT": "1", "PATH": "/bin"}) == Settings()


def test_an_unknown_setting_is_refused_with_those_that_there_are(config: Path) -> None:
    config.write_text("prot = 8000\n")
    with pytest.raises(BadSettings, match=r"no setting 'prot'; there are: data_dir, .*\bport\b"):
        build_settings(config, {})


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('port = "8000"', "port is str, expected int"),
        ("port = true", "port is bool, expected int"),
        ("port = 8000.0", "port is float, expected int"),
        ("demo = 1", "demo is int, expected bool"),
        ("host = 1", "host is int, expected str"),
        ('origins = "https://q.example.cn"', "origins is str, expected tuple"),
        ("origins = [1]", "origins"),
        ("data_dir = 1", "data_dir is int"),
        ('bank_names = "Bank"', "bank_names is str"),
        ("bank_names = { en = 1 }", "bank_names"),
        ('bank_names = { en = "Bank" }', "bank_names"),
        ("port = 0", "port 0: expected 1 to 65535"),
        ("port = 65536", "port 65536: expected 1 to 65535"),
        ('log_level = "loud"', "log_level 'loud': expected debug, info, warning or error"),
        ("poll_ms = 19", "poll_ms 19: expected 20 to 5000"),
        ("poll_ms = 5001", "poll_ms 5001: expected 20 to 5000"),
        ("beat_s = 0", "beat_s 0: expected 1 to 15"),
        ("beat_s = 16", "beat_s 16: expected 1 to 15"),
        ("replay_events_max = 0", "replay_events_max 0: expected 1 to 10000"),
        ("port = ", "lobby.toml"),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_expected(config: Path, line: str, sentence: str) -> None:
    config.write_text(line + "\n")
    with pytest.raises(BadSettings) as refused:
        build_settings(config, {})
    assert sentence in str(refused.value)


@pytest.mark.parametrize("line", ["port = 1", "port = 65535", "poll_ms = 20", "poll_ms = 5000", "beat_s = 15"])
def test_a_value_at_the_border_is_taken(config: Path, line: str) -> None:
    config.write_text(line + "\n")
    name, _, value = line.partition(" = ")
    assert getattr(build_settings(config, {}), name) == int(value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for config in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(BadSettings, match="no settings file at"):
            build_settings(config, {})


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_every_setting_says_what_it_is() -> None:
    for name, each in Settings.__dataclass_fields__.items():
        assert each.metadata["says"], name
