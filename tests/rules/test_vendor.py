"""The vendored browser files are the packages' own, unaltered, and may be passed on."""

from __future__ import annotations

import hashlib
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import vendor as step

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / step.SHARED / "vendor"
# Licences that ask for no more than their own text beside the copy. Another one is a decision for docs/dependencies.md.
LICENCES = {"Apache-2.0", "BSD-3-Clause", "ISC", "MIT", "OFL-1.1"}


def manifest() -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))["files"]
    return lines


def test_every_vendored_file_has_the_checksum_of_the_manifest() -> None:
    for line in manifest():
        assert hashlib.sha256((VENDOR / line["file"]).read_bytes()).hexdigest() == line["sha256"], line["file"]


def test_every_vendored_package_has_a_licence_that_we_may_pass_on_with_its_text() -> None:
    for line in manifest():
        assert line["licence"] in LICENCES, line["package"]
        assert (VENDOR / line["licence_file"]).stat().st_size > 0, line["package"]


def test_the_vendored_versions_are_those_that_package_json_pins() -> None:
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for line in manifest():
        assert line["version"] == pinned[line["package"]], line["package"]


def test_nothing_lies_in_the_vendor_folder_that_the_manifest_does_not_name() -> None:
    named = {"manifest.json"} | {line[key] for line in manifest() for key in ("file", "licence_file")}
    assert {path.name for path in VENDOR.iterdir()} == named


def test_every_asked_icon_is_in_the_sprite_and_takes_the_colour_of_its_text() -> None:
    asked = json.loads((ROOT / step.SHARED / "vendor.json").read_text(encoding="utf-8"))["sprite"]
    symbols = {symbol.attrib["id"]: symbol for symbol in ET.parse(VENDOR / step.SPRITE_FILE).getroot()}
    assert set(asked) == set(symbols)
    assert {frozenset(symbol.attrib) for symbol in symbols.values()} == {frozenset({"id", "viewBox"})}


# ---- The step itself ----------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small repository whose one package has one file."""
    package = tmp_path / "node_modules" / "@bank" / "bell"
    package.mkdir(parents=True)
    (package / "bell.js").write_text("export const ring = () => {};\n", encoding="utf-8")
    (package / "LICENSE").write_text("Ring as you like.\n", encoding="utf-8")
    (package / "package.json").write_text('{"version": "1.2.3", "license": "MIT"}', encoding="utf-8")
    (tmp_path / step.SHARED).mkdir(parents=True)
    ask(tmp_path, {"specifier": "bell"})
    return tmp_path


def ask(root: Path, *entries: dict[str, str | None]) -> None:
    usual: dict[str, str | None] = {"package": "@bank/bell", "specifier": None, "from": "bell.js", "to": "bell.js"}
    wanted = {"files": [usual | entry for entry in entries]}
    (root / step.SHARED / "vendor.json").write_text(json.dumps(wanted), encoding="utf-8")


def test_a_file_is_copied_byte_for_byte_with_its_licence(root: Path) -> None:
    (line,) = step.vendor(root)
    copied = root / step.SHARED / "vendor" / "bell.js"
    assert copied.read_bytes() == (root / "node_modules/@bank/bell/bell.js").read_bytes()
    assert (line.specifier, line.version, line.licence, line.licence_file) == (
        "bell",
        "1.2.3",
        "MIT",
        "bank-bell.licence.txt",
    )


def test_what_is_no_longer_asked_for_goes(root: Path) -> None:
    step.vendor(root)
    ask(root, {"to": "other.js"})
    step.vendor(root)
    assert not (root / step.SHARED / "vendor" / "bell.js").exists()


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"from": "missing.js"}, "is missing"),
        ({"from": "../../secret.js"}, "is not inside"),
        ({"to": "../escaped.js"}, "must be a plain file name"),
    ],
)
def test_a_wrong_entry_is_refused_in_one_sentence_and_leaves_no_manifest(
    root: Path, entry: dict[str, str | None], sentence: str
) -> None:
    ask(root, entry)
    with pytest.raises(step.CannotVendor, match=sentence):
        step.vendor(root)
    assert not (root / step.SHARED / "vendor" / "manifest.json").exists()


def test_one_name_for_two_files_is_refused(root: Path) -> None:
    ask(root, {}, {})
    with pytest.raises(step.CannotVendor, match="twice"):
        step.vendor(root)


def test_a_package_without_a_licence_is_refused(root: Path) -> None:
    (root / "node_modules/@bank/bell/package.json").write_text('{"version": "1.2.3"}', encoding="utf-8")
    with pytest.raises(step.CannotVendor, match="names no licence"):
        step.vendor(root)
