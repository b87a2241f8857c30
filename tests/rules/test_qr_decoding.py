"""The kiosk's eye: what it reads, what it never takes for a code, and how seldom it tries hard."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.qr_pictures import Case, cases, lobby
from kiosk.agent.devices.camera import decoding
from kiosk.agent.devices.camera.decoding import Looker, read, read_still
from kiosk.agent.devices.camera.port import Picture, as_picture
from kiosk.agent.devices.camera.run import Newest

SEED = 7
SAMPLES = Path(os.environ.get("LOBBY_TEST_DATA", Path(__file__).parents[3] / "shared/data")) / "qr"


@pytest.fixture(scope="module")
def pictures() -> list[Case]:
    """Two of each factor and degree; another seed than the benchmark's."""
    return list(cases(SEED, per_cell=2))


def rate(reader: Callable[[Picture], str | None], shown: list[Case]) -> float:
    return float(np.mean([reader(case.picture) == case.text for case in shown]))


def test_the_same_seed_gives_the_same_pictures(pictures: list[Case]) -> None:
    again = next(iter(cases(SEED, per_cell=2)))
    assert again.text == pictures[0].text and np.array_equal(again.picture, pictures[0].picture)


def test_more_is_read_than_by_the_bare_decoder_and_as_much_as_was_promised(pictures: list[Case]) -> None:
    # The floor of the issue is 77 % over the benchmark's 600 pictures; 150 may miss it by three of them.
    assert rate(read_still, pictures) >= 0.75
    assert rate(read_still, pictures) > rate(read, pictures) + 0.03


def test_every_inverted_code_is_read_as_in_the_dark_mode_of_a_telephone(pictures: list[Case]) -> None:
    assert rate(read_still, [case for case in pictures if case.factor == "inversion"]) == 1


def test_a_wrong_text_is_never_read(pictures: list[Case]) -> None:
    assert [case for case in pictures if read_still(case.picture) not in (case.text, None)] == []


def test_nothing_is_read_where_there_is_no_code() -> None:
    random = np.random.default_rng(SEED)
    empty = [lobby(random) for _ in range(40)]
    empty += [as_picture(random.integers(0, 256, (480, 640))) for _ in range(20)]
    stripes = np.indices((480, 640)).sum(axis=0)
    empty += [as_picture((stripes // width % 2) * 255) for width in range(1, 9)]
    empty += [as_picture(np.zeros((480, 640))), as_picture(np.full((480, 640), 255)), as_picture(np.zeros((1, 1)))]
    assert [each for each in map(read_still, empty) if each is not None] == []


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the public samples are not at {SAMPLES}")
def test_the_public_samples_are_read_at_least_as_well_as_by_the_bare_decoder() -> None:
    ours, bare, count = 0, 0, 0
    for path in sorted(SAMPLES.rglob("*")):
        beside = path.with_suffix(".txt")
        if path.suffix not in (".png", ".jpg", ".webp") or not beside.exists():
            continue
        with Image.open(path) as opened:
            clear = opened.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        paper.alpha_composite(clear)
        grey = as_picture(np.asarray(paper.convert("L")))
        text = beside.read_bytes().decode("utf-8", errors="replace").strip()
        found = read_still(grey)
        ours += found is not None and found.strip() == text
        bare += (read(grey) or "").strip() == text
        count += 1
    assert count > 100 and ours >= bare and ours / count > 0.9


def test_a_picture_of_any_size_has_an_end() -> None:
    assert read_still(as_picture(np.zeros((9000, 9000)))) is None
    assert decoding.to_grey(as_picture(np.zeros((9000, 9000)))).size <= decoding.PIXELS_MAX * 1.01


# ---- The live loop ------------------------------------------------------------------------------------------------


def clear_picture(pictures: list[Case], at: int = 0) -> Case:
    return [case for case in pictures if case.factor == "perspective"][at]


def test_a_code_is_told_once_a_showing(pictures: list[Case]) -> None:
    looker, case = Looker(), clear_picture(pictures)
    told = [looker.look(case.picture, now_s) for now_s in (0, 0.1, 2.9, 5.8, 8.81)]
    # Held all the time it is one showing; away for three seconds, it is shown anew.
    assert told == [case.text, None, None, None, case.text]


def test_two_codes_in_turn_are_two_showings(pictures: list[Case]) -> None:
    one, other = clear_picture(pictures, 0), clear_picture(pictures, 1)
    looker = Looker()
    assert [looker.look(case.picture, 0) for case in (one, other, one)] == [one.text, other.text, None]


def test_a_still_lobby_is_rescued_seldom_and_a_moving_one_at_every_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    monkeypatch.setattr(decoding, "read", lambda grey: reads.append(1))
    random = np.random.default_rng(SEED)
    still, moving = lobby(random), [lobby(random) for _ in range(2)]
    looker = Looker()
    for at in range(24):
        looker.look(still, at)
    assert len(reads) == 24 + 24 // decoding.RESCUE_EVERY
    reads.clear()
    looker = Looker()
    for at in range(24):
        looker.look(moving[at % 2], at)
    assert len(reads) == 24 + 23  # the first frame has none before it


def test_what_a_single_read_misses_a_rescue_finds_within_some_frames(pictures: list[Case]) -> None:
    hard = next(case for case in pictures if read(case.picture) is None and read_still(case.picture) == case.text)
    looker = Looker()
    told = [looker.look(hard.picture, at / 10) for at in range(decoding.RESCUE_EVERY * len(decoding.RESCUES))]
    assert [text for text in told if text] == [hard.text]


class Film:
    """A camera that gives its frames faster than anyone can look, then is pulled out."""

    def __init__(self, count: int) -> None:
        self._left = [as_picture(np.full((1, 1), number)) for number in range(count)]

    def open(self) -> None:
        """Ready."""

    def frame(self) -> Picture | None:
        """The next one."""
        if not self._left:
            raise EOFError
        return self._left.pop(0)

    def close(self) -> None:
        """Over."""


def test_only_the_newest_frame_is_looked_at_and_the_last_before_the_end() -> None:
    newest, taken = Newest(Film(200)), list[int]()
    with pytest.raises(EOFError):
        taken.extend(int(picture[0, 0]) for picture in iter(lambda: newest.take(1), None))
    assert taken[-1] == 199 and taken == sorted(set(taken))
