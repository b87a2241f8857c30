"""Copy the browser files that we did not write from node_modules into the shared web folder, with a list of them.

`vendor.json` says which files. `manifest.json` beside the copies says for each its specifier, package, version, licence
and SHA-256, so that the server can write its import map and a test can prove that nothing was altered. The manifest is
written last: a folder without one is not whole, and both make and the wheel's build take it for missing.

Needs nothing but Python: `python3.11 deploy/set-up/vendor.py [--root DIR]`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import xml.etree.ElementTree as ET
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

SHARED = Path("staff_tablet/web/shared")
SVG = "http://www.w3.org/2000/svg"
ICON_PACKAGE = "lucide-static"
SPRITE_FILE = "icons.svg"
# All that a symbol repeats of an icon's outer element; colour and stroke are the page's style to choose.
ICON_LOOK = ("viewBox",)


class CannotVendor(Exception):
    """Something that was asked for is not there: one sentence, with what to do."""


@dataclass(frozen=True)
class Vendored:
    """One line of the manifest. `specifier` is what a script imports, None for a font, a sprite or a wasm file."""

    specifier: str | None
    file: str
    package: str
    version: str
    licence: str
    licence_file: str | None
    sha256: str


def vendor(root: Path) -> list[Vendored]:
    """Fill the vendor folder anew and give what is in it, in the order of `vendor.json`."""
    wanted = json.loads((root / SHARED / "vendor.json").read_text(encoding="utf-8"))
    modules, target = root / "node_modules", root / SHARED / "vendor"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    lines = [copy_file(entry, modules, target) for entry in wanted["files"]]
    if wanted.get("sprite"):
        (target / SPRITE_FILE).write_bytes(sprite(wanted["sprite"], modules / ICON_PACKAGE / "icons"))
        lines.append(line_for(None, SPRITE_FILE, ICON_PACKAGE, modules, target))
    refuse_doubles(lines)
    manifest = json.dumps({"files": [asdict(line) for line in lines]}, ensure_ascii=False, indent=2)
    (target / "manifest.json").write_text(manifest + "\n", encoding="utf-8")
    return lines


def copy_file(entry: dict[str, str | None], modules: Path, target: Path) -> Vendored:
    """Copy one file byte for byte, so that its checksum is the package's own."""
    package, source, name = str(entry["package"]), str(entry["from"]), str(entry["to"])
    if PurePosixPath(source).is_absolute() or ".." in PurePosixPath(source).parts:
        raise CannotVendor(f"vendor.json: {source!r} is not inside {package}.")
    if PurePosixPath(name).name != name:
        raise CannotVendor(f"vendor.json: {name!r} must be a plain file name.")
    if not (modules / package / source).is_file():
        raise CannotVendor(f"node_modules/{package}/{source} is missing: is it in package.json, and did `npm ci` run?")
    shutil.copyfile(modules / package / source, target / name)
    return line_for(entry["specifier"], name, package, modules, target)


def line_for(specifier: str | None, name: str, package: str, modules: Path, target: Path) -> Vendored:
    """Describe one copied file; its package's licence text is kept beside it, as most licences ask."""
    about = json.loads((modules / package / "package.json").read_text(encoding="utf-8"))
    licence = about.get("license")
    if not isinstance(licence, str) or licence in ("", "UNLICENSED"):
        raise CannotVendor(f"{package} names no licence in its package.json, so it may not be passed on.")
    return Vendored(
        specifier=specifier,
        file=name,
        package=package,
        version=str(about["version"]),
        licence=licence,
        licence_file=keep_licence_text(package, modules, target),
        sha256=hashlib.sha256((target / name).read_bytes()).hexdigest(),
    )


def keep_licence_text(package: str, modules: Path, target: Path) -> str | None:
    """Copy the package's licence text; None where the package carries none."""
    texts = sorted(path for path in (modules / package).iterdir() if path.name.upper().startswith(("LICEN", "COPYING")))
    if not texts:
        return None
    name = f"{package.removeprefix('@').replace('/', '-')}.licence.txt"
    shutil.copyfile(texts[0], target / name)
    return name


def sprite(names: list[str], icons: Path) -> bytes:
    """Put the named icons into one file of symbols, in the order of their names, so that it changes only with them."""
    ET.register_namespace("", SVG)
    whole = ET.Element(f"{{{SVG}}}svg")
    for name in sorted(set(names)):
        if not (icons / f"{name}.svg").is_file():
            raise CannotVendor(f"vendor.json: {ICON_PACKAGE} has no icon {name!r}.")
        # The file comes from a package whose hash npm has checked, not from a stranger.
        icon = ET.parse(icons / f"{name}.svg").getroot()  # noqa: S314
        look = {key: icon.attrib[key] for key in ICON_LOOK if key in icon.attrib}
        symbol = ET.SubElement(whole, f"{{{SVG}}}symbol", {"id": name, **look})
        symbol.extend(icon)
    ET.indent(whole, space="")
    return ET.tostring(whole, encoding="unicode").encode() + b"\n"


def refuse_doubles(lines: list[Vendored]) -> None:
    """Two files under one name, or two files for one import, would leave it to chance which one is used."""
    for what, values in (
        ("file", [line.file for line in lines]),
        ("specifier", [line.specifier for line in lines if line.specifier]),
    ):
        for value in values:
            if values.count(value) > 1:
                raise CannotVendor(f"vendor.json: the {what} {value!r} is there twice.")


def main() -> None:
    """Run the copy and say in one line what was copied, or in one sentence why not."""
    parser = argparse.ArgumentParser(description="Copy the vendored browser files and write their manifest.")
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).resolve().parents[2], help="the repository's folder"
    )
    try:
        lines = vendor(parser.parse_args().root)
    except CannotVendor as why:
        sys.exit(f"vendor: {why}")
    print(f"vendor: {len(lines)} files of {len({line.package for line in lines})} packages")


if __name__ == "__main__":
    main()
