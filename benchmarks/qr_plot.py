"""The plot of the QR benchmark: rate against severity, one small picture a factor, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

COLUMNS = 5
CELL_W, CELL_H, PAD = 190, 130, 28
COLOURS = ("#0b57d0", "#e8710a", "#188038", "#9aa0a6")


def draw(rates: Mapping[str, Mapping[str, Sequence[float]]], factors: Sequence[str]) -> str:
    """`rates[contestant][factor]` is a rate (0 to 1) for each level."""
    rows = -(-len(factors) // COLUMNS)
    width, height = COLUMNS * CELL_W + PAD, rows * CELL_H + 2 * PAD
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"',
        ' font-size="11">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, (name, colour) in enumerate(zip(rates, COLOURS, strict=True)):
        parts.append(f'<text x="{PAD + number * 160}" y="18" fill="{colour}" font-weight="bold">{name}</text>')
    for number, factor in enumerate(factors):
        left, top = PAD + number % COLUMNS * CELL_W, PAD + number // COLUMNS * CELL_H + 18
        parts.append(f'<text x="{left}" y="{top - 5}" fill="#202124">{factor}</text>')
        parts.append(
            f'<rect x="{left}" y="{top}" width="{CELL_W - 30}" height="{CELL_H - 35}" fill="none" stroke="#dadce0"/>'
        )
        for found, colour in zip(reversed(list(rates.values())), reversed(COLOURS), strict=True):
            line = " ".join(
                f"{left + at * (CELL_W - 30) / (len(found[factor]) - 1):.0f},{top + (CELL_H - 35) * (1 - rate):.0f}"
                for at, rate in enumerate(found[factor])
            )
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return "\n".join([*parts, "</svg>\n"])
