"""Speak every clip of `clips.toml` with espeak-ng into `staff_tablet/web/voice/`, one small Opus file each.

A branch with a speaker of its own puts recordings of the same names (`zh-CN/please.wav`; wav, ogg, opus or mp3) into
the folder of the setting `recordings_dir`: they are taken instead, clip by clip.

Needs the Debian packages espeak-ng and opus-tools: `python3.11 deploy/voice/make_clips.py [--if-possible]`.
"""

from __future__ import annotations

import argparse
import array
import io
import json
import shutil
import string
import subprocess
import sys
import tomllib
import wave
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLIPS = Path(__file__).with_name("clips.toml")
SERVICE_TYPES = ROOT / "lobby_server/branch/service_types.toml"
TARGET = ROOT / "staff_tablet/web/voice"
TOOLS = ("espeak-ng", "opusenc")
# Quieter than this at the ends of a clip is silence (of 32767); a little of it stays, so that words do not touch.
SILENCE, KEPT_MS, PEAK = 260, 30, 26_000
KBITS = 24


class CannotSpeak(Exception):
    """Something is missing: one sentence, with what to do."""


def texts(language: str, told: dict[str, object]) -> Iterator[tuple[str, str]]:
    """Every clip of a language: its name and what it says."""
    clips, numbers, tens = told["clips"], told["numbers"], told["tens"]
    assert isinstance(clips, dict) and isinstance(numbers, list) and isinstance(tens, list)
    yield from clips.items()
    yield from ((f"number_{value}", text) for value, text in enumerate(numbers))
    yield from ((f"number_{value}", text) for value, text in zip(range(20, 100, 10), tens, strict=True))
    yield from ((f"letter_{letter}", letter.upper()) for letter in string.ascii_lowercase)
    types = tomllib.loads(SERVICE_TYPES.read_text("utf-8"))
    yield from ((f"service_{code}", each["names"][language]) for code, each in types.items())


def spoken(text: str, voice: str, words_a_minute: int) -> bytes:
    """A text as a WAV without silence at its ends, as loud as every other."""
    said = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(words_a_minute), "--stdout", "--stdin"],  # noqa: S607
        input=text.encode(),
        capture_output=True,
        check=True,
    ).stdout
    # espeak-ng does not know the length when it writes the header, so it is written anew.
    with wave.open(io.BytesIO(said)) as heard:
        rate = heard.getframerate()
        samples = array.array("h", heard.readframes(len(said)))
    loud = [at for at, sample in enumerate(samples) if abs(sample) > SILENCE]
    if not loud:
        raise CannotSpeak(f"espeak-ng has no sound for {text!r} with the voice {voice}.")
    kept = rate * KEPT_MS // 1000
    cut = samples[max(0, loud[0] - kept) : loud[-1] + kept]
    gain = PEAK / max(abs(sample) for sample in cut)
    written = io.BytesIO()
    with wave.open(written, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(array.array("h", [int(sample * gain) for sample in cut]).tobytes())
    return written.getvalue()


def make_clips(target: Path) -> int:
    """Fill the folder anew; the list of clips is written last, so a folder without one is not whole."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise CannotSpeak(f"no {' and no '.join(missing)}: screens stay silent (apt-get install espeak-ng opus-tools).")
    shutil.rmtree(target, ignore_errors=True)
    made: dict[str, list[str]] = {}
    for language, told in tomllib.loads(CLIPS.read_text("utf-8")).items():
        (target / language).mkdir(parents=True)
        for name, text in texts(language, told):
            subprocess.run(
                [
                    *("opusenc", "--quiet", "--bitrate", str(KBITS), "--speech", "--serial", "1", "--ignorelength"),
                    *("-", str(target / language / f"{name}.ogg")),
                ],
                input=spoken(text, told["voice"], told["words_a_minute"]),
                check=True,
                capture_output=True,
            )
            made.setdefault(language, []).append(name)
    (target / "list.txt").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return sum(map(len, made.values()))


def main() -> None:
    """Make them and say how many; `--if-possible` lets a machine without the tools go on."""
    parser = argparse.ArgumentParser(description="Make the voice clips with espeak-ng.")
    parser.add_argument("--if-possible", action="store_true", help="without the tools, say so and go on")
    parser.add_argument("--target", type=Path, default=TARGET, help="the folder to fill")
    asked = parser.parse_args()
    try:
        print(f"voice: {make_clips(asked.target)} clips")
    except CannotSpeak as why:
        sys.exit(None if asked.if_possible and print(f"voice: {why}") is None else f"voice: {why}")


if __name__ == "__main__":
    main()
