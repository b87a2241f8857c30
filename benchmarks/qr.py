"""How well, and how fast, the kiosk reads codes: side by side with bare zxing-cpp, cv2 and pyzbar, in one run.

python benchmarks/qr.py                          synthetic pictures, the public samples, and the live loop's time
python benchmarks/qr.py --folder PICTURES        any folder; the text of a.jpg stands in a.txt beside it
python benchmarks/qr.py --plot rates.svg         rate against severity, one small picture a factor
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from pyzbar import pyzbar

from benchmarks.qr_pictures import FACTORS, LEVELS, cases, lobby
from benchmarks.qr_plot import draw
from kiosk.agent.devices.camera.decoding import Looker, read, read_still, to_grey
from kiosk.agent.devices.camera.port import Picture, as_picture

SEED = 20261123
DEGREES = range(1, LEVELS + 1)
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"}
SAMPLES = Path(os.environ.get("LOBBY_TEST_DATA", Path(__file__).parents[2] / "shared/data")) / "qr"

Reader = Callable[[Picture], str | None]


def read_cv2(picture: Picture) -> str | None:
    """OpenCV's own detector."""
    try:
        return cv2.QRCodeDetector().detectAndDecode(picture)[0] or None
    except (cv2.error, UnicodeDecodeError):
        return None  # it asserts on some pictures, and takes every content for UTF-8


def read_pyzbar(picture: Picture) -> str | None:
    """ZBar."""
    found = pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])
    return found[0].data.decode("utf-8", errors="replace") if found else None


CONTESTANTS: dict[str, Reader] = {
    "branch lobby": read_still,
    "zxing-cpp": lambda picture: read(to_grey(picture)),
    "pyzbar": read_pyzbar,
    "cv2": read_cv2,
}


def compete(pictures: Iterable[tuple[str, str, Picture]]) -> dict[str, dict[str, list[float]]]:
    """For each contestant and group: 1 for a right text and 0 for none; a wrong text is shouted about."""
    rates: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in CONTESTANTS}
    for group, text, picture in pictures:
        for name, reader in CONTESTANTS.items():
            began = time.perf_counter()
            found = reader(picture)
            rates[name]["ms"].append((time.perf_counter() - began) * 1000)
            rates[name][group].append(float(found is not None and found.strip() == text.strip()))
            rates[name]["wrong"].append(float(found is not None and found.strip() != text.strip()))
    return rates


def show(rates: dict[str, dict[str, list[float]]], groups: list[str]) -> None:
    """The table: groups down, contestants across."""
    print("| |" + "|".join(CONTESTANTS) + "|\n|---|" + "--:|" * len(CONTESTANTS))
    for group in groups:
        print(f"|{group}|" + "|".join(f"{np.mean(rates[name][group]):.1%}" for name in CONTESTANTS) + "|")
    every = [f"{np.mean([hit for group in groups for hit in rates[name][group]]):.1%}" for name in CONTESTANTS]
    print("|**all**|" + "|".join(every) + "|")
    print("|other text|" + "|".join(f"{sum(rates[name]['wrong']):.0f}" for name in CONTESTANTS) + "|")
    print("|ms a picture|" + "|".join(f"{np.mean(rates[name]['ms']):.1f}" for name in CONTESTANTS) + "|\n")


def synthetic(per_cell: int, plot: Path | None) -> None:
    """Fifteen factors by five levels."""
    made = [(f"{case.factor} {case.level}", case.text, case.picture) for case in cases(SEED, per_cell)]
    rates = compete(made)
    merged = {
        name: {
            **{each: [hit for level in DEGREES for hit in found[f"{each} {level}"]] for each in FACTORS},
            "ms": found["ms"],
            "wrong": found["wrong"],
        }
        for name, found in rates.items()
    }
    print(f"Synthetic, seed {SEED}, {len(made)} pictures\n")
    show(merged, list(FACTORS))
    if plot is not None:
        by_level = {
            name: {each: [float(np.mean(found[f"{each} {level}"])) for level in DEGREES] for each in FACTORS}
            for name, found in rates.items()
        }
        plot.write_text(draw(by_level, list(FACTORS)), encoding="utf-8")


def folder(root: Path) -> None:
    """Every picture below a folder that has its text beside it."""
    found = []
    for path in sorted(root.rglob("*")):
        beside = path.with_suffix(".txt")
        if path.suffix.lower() in PICTURES and beside.exists():
            # Pillow reads what OpenCV does not (.webp and palettes alike); transparent paper is white.
            with Image.open(path) as opened:
                clear = opened.convert("RGBA")
                paper = Image.new("RGBA", clear.size, "white")
                paper.alpha_composite(clear)
                grey = as_picture(np.asarray(paper.convert("L")))
            found.append((path.parent.name, beside.read_bytes().decode("utf-8", errors="replace"), grey))
    print(f"{root}: {len(found)} pictures with their text\n")
    if found:
        show(compete(found), sorted({group for group, _, _ in found}))


def live(frames: int) -> None:
    """What an empty lobby costs the live loop, still and moving, at 720p, beside one bare read."""
    random = np.random.default_rng(SEED)
    empty = [as_picture(cv2.resize(lobby(random), (1280, 720))) for _ in range(8)]
    print("| empty 720p frames | mean ms | worst ms |\n|---|--:|--:|")
    looker = Looker()
    bare, still = list[float](), list[float]()
    # In turns: what else the machine does meanwhile weighs on both alike.
    for at in range(frames):
        bare.append(_ms(lambda: read(empty[0])))
        still.append(_ms(lambda at=at: looker.look(empty[0], at / 10)))  # type: ignore[misc]
    moving = [_ms(lambda at=at: looker.look(empty[at % 8], at / 10)) for at in range(frames)]  # type: ignore[misc]
    for name, spent in (("bare zxing-cpp", bare), ("still", still), ("moving", moving)):
        print(f"| {name} | {np.mean(spent):.1f} | {max(spent):.1f} |")
    print(f"\nstill / bare: {np.mean(still) / np.mean(bare):.2f}\n")


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, action="append", help="pictures with their texts beside them")
    parser.add_argument("--per-cell", type=int, default=8, help="pictures of each factor and level (8)")
    parser.add_argument("--plot", type=Path, help="where the plot goes (SVG)")
    told = parser.parse_args()
    cv2.setNumThreads(1)  # a kiosk's other core is the browser's
    warnings.simplefilter("ignore")
    if told.folder:
        for each in told.folder:
            folder(each)
        return
    synthetic(told.per_cell, told.plot)
    if SAMPLES.is_dir():
        folder(SAMPLES)
    live(240)


if __name__ == "__main__":
    main()
