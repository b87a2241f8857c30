"""The voice clips: every one that a screen may ask for, small, and second to a bank's own recordings."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import make_clips
import pytest

from lobby_server.doors.files import StaticFiles
from staff_tablet.screens.pages import voice_clips

CLIP_BYTES_MAX = 40_000


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Freshly made clips."""
    target = tmp_path_factory.mktemp("voice")
    make_clips.make_clips(target)
    return target


def test_both_languages_have_the_same_clips() -> None:
    told = tomllib.loads(make_clips.CLIPS.read_text("utf-8"))
    names = [[name for name, _text in make_clips.texts(language, told[language])] for language in ("zh-CN", "en")]
    assert names[0] == names[1]
    assert len(set(names[0])) == len(names[0])


def test_every_clip_is_a_small_opus_file(clips: Path) -> None:
    made = sorted(clips.rglob("*.ogg"))
    assert len(made) > 150
    for clip in made:
        raw = clip.read_bytes()
        assert raw[:4] == b"OggS" and b"OpusHead" in raw[:64], clip.name
        assert len(raw) < CLIP_BYTES_MAX, clip.name


def test_without_the_tools_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda _tool: None)
    with pytest.raises(make_clips.CannotSpeak, match="apt-get install espeak-ng opus-tools"):
        make_clips.make_clips(tmp_path)


def test_a_recording_stands_before_the_clip_of_its_name(tmp_path: Path) -> None:
    for folder, name in (("voice", "please.ogg"), ("voice", "to.ogg"), ("recordings", "please.wav")):
        (tmp_path / folder / "zh-CN").mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "zh-CN" / name).write_bytes(b"sound")
    vendor = tmp_path / "shared/vendor"
    vendor.mkdir(parents=True)
    (vendor / "manifest.json").write_text('{"files": []}')
    files = StaticFiles({name: tmp_path / name for name in ("voice", "recordings", "shared")})
    found = voice_clips(files)
    assert found["zh-CN"]["please"].startswith("/static/recordings/zh-CN/please.")
    assert found["zh-CN"]["to"].startswith("/static/voice/zh-CN/to.")
    assert found["en"] == {}
    assert files.by_address[found["zh-CN"]["please"]].content_type == "audio/wav"
