"""Pictures of codes as a kiosk's camera may see them: fifteen things that go wrong, each in five degrees, seeded.

Every picture is a frame of 640 x 480 with one code of the bank's app (version 6-M) in it. The same seed gives the same
pixels on every machine with the same OpenCV.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import qrcode

from kiosk.agent.devices.camera.port import Picture, as_picture

LEVELS = 5
WIDTH, HEIGHT = 640, 480
MODULE_PX = 5.0
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

Spoil = Callable[[Picture, int, np.random.Generator], Picture]


@dataclass(frozen=True)
class Case:
    """One picture, what went wrong in it and how badly (1 to 5), and what its code says."""

    factor: str
    level: int
    text: str
    picture: Picture


def cases(seed: int, per_cell: int) -> Iterator[Case]:
    """All factors and levels, `per_cell` pictures each."""
    for row, (factor, spoil) in enumerate(FACTORS.items()):
        for level in range(1, LEVELS + 1):
            for number in range(per_cell):
                random = np.random.default_rng((seed, row, level, number))
                text = "BQ1:" + "".join(random.choice(list(_LETTERS), 128))
                clean = {"size": _sized, "inversion": _inverted}.get(factor, _scene)
                picture = spoil(clean(text, level, random), level, random)
                yield Case(factor, level, text, as_picture(np.clip(picture, 0, 255)))


def lobby(random: np.random.Generator) -> Picture:
    """A frame without a code: soft shapes and a camera's noise."""
    rough = random.integers(60, 200, (12, 16)).astype(np.float32)
    soft = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return as_picture(np.clip(soft + random.normal(0, 4, soft.shape), 0, 255))


# ---- Scenes -------------------------------------------------------------------------------------------------------


@cache
def _code(text: str) -> Picture:
    made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=1, border=4)
    made.add_data(text)
    modules = np.array(made.get_matrix(), dtype=bool)
    return as_picture(np.where(modules, 25, 230))


def _place(text: str, module_px: float, random: np.random.Generator, *, is_inverted: bool = False) -> Picture:
    frame = lobby(random)
    code = _code(text)
    side = round(code.shape[0] * module_px)
    drawn = cv2.resize(code, (side, side), interpolation=cv2.INTER_AREA if module_px < 1.5 else cv2.INTER_NEAREST)
    top = (HEIGHT - side) // 2 + int(random.integers(-15, 16))
    left = (WIDTH - side) // 2 + int(random.integers(-60, 61))
    frame[top : top + side, left : left + side] = 255 - drawn if is_inverted else drawn
    return as_picture(cv2.GaussianBlur(frame, (0, 0), 0.7))


def _scene(text: str, level: int, random: np.random.Generator) -> Picture:
    return _place(text, MODULE_PX, random)


def _sized(text: str, level: int, random: np.random.Generator) -> Picture:
    return _place(text, (3.0, 2.4, 2.0, 1.7, 1.45)[level - 1], random)


def _inverted(text: str, level: int, random: np.random.Generator) -> Picture:
    return _place(text, (5.0, 4.5, 4.0, 3.5, 3.0)[level - 1], random, is_inverted=True)


# ---- What goes wrong ----------------------------------------------------------------------------------------------


def _as_it_is(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    return picture


def _blur(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    return as_picture(cv2.GaussianBlur(picture, (0, 0), (1.2, 1.9, 2.5, 3.1, 3.7)[level - 1]))


def _defocus(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    radius = (1, 2, 3, 4, 5)[level - 1]
    rows, columns = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disk = (rows**2 + columns**2 <= radius**2).astype(np.float32)
    return as_picture(cv2.filter2D(picture, -1, disk / disk.sum()))


def _motion(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    length = (3, 5, 7, 9, 12)[level - 1]
    line = np.zeros((length, length), np.float32)
    line[length // 2] = 1
    turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), float(random.uniform(0, 180)), 1)
    turned = cv2.warpAffine(line, turn, (length, length))
    return as_picture(cv2.filter2D(picture, -1, turned / turned.sum()))


def _noise(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    return as_picture(np.clip(picture + random.normal(0, 22 * level, picture.shape), 0, 255))


def _low_light(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    photons = (40, 20, 12, 8, 5)[level - 1]
    return as_picture(np.clip(random.poisson(picture / 255 * photons) * (110 / photons), 0, 255))


def _contrast(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    kept = (0.5, 0.3, 0.18, 0.1, 0.06)[level - 1]
    faint = 128 + (picture.astype(float) - 128) * kept
    return as_picture(np.clip(faint + random.normal(0, 1.5, picture.shape), 0, 255))


def _glare(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    row, column = HEIGHT / 2 + random.uniform(-60, 60), WIDTH / 2 + random.uniform(-60, 60)
    spot = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * (18 + 9 * level) ** 2))
    return as_picture(np.clip(picture + 420 * spot, 0, 255))


def _shadow(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    edge = np.clip((np.arange(WIDTH) - WIDTH / 2 + random.uniform(-60, 60)) / 12 + 0.5, 0, 1)
    return as_picture(picture * (1 - edge * (0.3, 0.5, 0.65, 0.8, 0.9)[level - 1]))


def _moire(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    angle, length = random.uniform(0.1, 0.6), random.uniform(6, 11)
    waves = np.sin((columns * np.cos(angle) + rows * np.sin(angle)) * 2 * np.pi / length)
    return as_picture(np.clip(picture + waves * 22 * level, 0, 255))


def _rotation(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    angle = (10, 20, 30, 40, 45)[level - 1] * float(random.choice([-1, 1])) + 90 * float(random.integers(0, 4))
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), angle, 1)
    return as_picture(cv2.warpAffine(picture, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT))


def _perspective(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    lean = 0.07 * level * WIDTH / 2
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    leaned = corners + np.array([[lean, lean * 0.6], [0, 0], [0, 0], [lean, -lean * 0.6]], np.float32)
    warp = cv2.getPerspectiveTransform(corners, leaned.astype(np.float32))
    return as_picture(cv2.warpPerspective(picture, warp, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT))


def _crack(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    cracked = picture.copy()
    for _ in range(level * 2):
        begin = (int(random.integers(190, 450)), int(random.integers(110, 370)))
        end = (int(random.integers(190, 450)), int(random.integers(110, 370)))
        cv2.line(cracked, begin, end, int(random.integers(140, 256)), 2)
    return cracked


def _jpeg(picture: Picture, level: int, random: np.random.Generator) -> Picture:
    quality = (30, 18, 11, 7, 4)[level - 1]
    return as_picture(
        cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)
    )


FACTORS: dict[str, Spoil] = {
    "blur": _blur,
    "defocus": _defocus,
    "motion": _motion,
    "noise": _noise,
    "low light": _low_light,
    "contrast": _contrast,
    "glare": _glare,
    "shadow": _shadow,
    "moire": _moire,
    "size": _as_it_is,
    "rotation": _rotation,
    "perspective": _perspective,
    "inversion": _as_it_is,
    "crack": _crack,
    "jpeg": _jpeg,
}
