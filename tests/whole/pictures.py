"""What a camera would see: a customer's code as a film that Chromium's fake camera plays."""

from __future__ import annotations

from pathlib import Path

import qrcode
from PIL import Image

WIDTH, HEIGHT, FRAMES_A_SECOND, FRAMES = 1280, 720, 10, 5
CODE_SIDE = 520  # pixels: a phone held at reading distance before a 720p camera


def film_of(text: str, path: Path) -> None:
    """A QR code on a grey hall, as raw YUV4MPEG2 (4:2:0): the format that needs no codec."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    drawn = code.make_image().get_image().convert("L").resize((CODE_SIDE, CODE_SIDE), Image.Resampling.NEAREST)
    scene = Image.new("L", (WIDTH, HEIGHT), 110)
    scene.paste(drawn, ((WIDTH - CODE_SIDE) // 2, (HEIGHT - CODE_SIDE) // 2))
    colourless = bytes([128]) * (WIDTH * HEIGHT // 2)
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420jpeg\n".encode()
    frame = b"FRAME\n" + scene.tobytes() + colourless
    path.write_bytes(header + frame * FRAMES)
