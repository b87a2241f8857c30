"""Colours keep the contrast that docs/reference/colours.md says they have, by the formula of WCAG 2.2."""

from __future__ import annotations

import re

from tests.reference_pages import REFERENCE, ROOT

TOKENS = ROOT / "staff_tablet" / "web" / "shared" / "styles" / "tokens.css"
DECLARED = re.compile(r"^\s*--([\w-]+):\s*(#[0-9a-f]+|var\(--[\w-]+\));", re.MULTILINE)
ROW = re.compile(r"^\| `--([\w-]+)` \| `--([\w-]+)` \| [^|]+ \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)


def colours() -> dict[str, str]:
    """Each name's six hexadecimal digits."""
    declared: dict[str, str] = dict(DECLARED.findall(TOKENS.read_text(encoding="utf-8")))

    def digits_of(value: str) -> str:
        if value.startswith("var("):
            return digits_of(declared[value[len("var(--") : -1]])
        return value[1:] if len(value) == len("#rrggbb") else "".join(digit * 2 for digit in value[1:])

    return {name: digits_of(value) for name, value in declared.items()}


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(digits: str) -> float:
    shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_pair_of_the_page_has_the_contrast_that_it_needs_and_that_the_page_says() -> None:
    known = colours()
    rows = ROW.findall((REFERENCE / "colours.md").read_text(encoding="utf-8"))
    assert len(rows) > 20
    for front, back, needs, says in rows:
        found = contrast(known[front], known[back])
        assert found >= float(needs), f"{front} on {back}: {found:.2f}"
        assert f"{found:.1f}" == says, f"{front} on {back}"
