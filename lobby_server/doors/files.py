"""Browser files at addresses that change with their content: cached for ever, never stale.

At start every file is read, named by its SHA-256, compressed once, and put into one import map with
integrity hashes; so a page, its modules and its styles always belong to one version.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from markupsafe import Markup

_CSS_URL = re.compile(r"""url\(["']?(?!data:)([^"')]+)["']?\)""")
SOUNDS = (".wav", ".ogg", ".opus", ".mp3")
_SERVED = frozenset({".js", ".css", ".json", ".svg", ".woff2", ".wasm", ".png", ".webmanifest", *SOUNDS})
_PACKED = frozenset({".js", ".css", ".json", ".svg", ".wasm", ".webmanifest"})
_FOR_EVER = "public, max-age=31536000, immutable"
_WORKER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/wasm", ".wasm")
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("audio/wav", ".wav")
mimetypes.add_type("audio/ogg", ".ogg")
mimetypes.add_type("audio/ogg", ".opus")
mimetypes.add_type("audio/mpeg", ".mp3")


class MissingFiles(Exception):
    """The browser files are not complete: says what to run."""


@dataclass(frozen=True)
class StaticFile:
    """One file as it is sent."""

    address: str
    content_type: str
    body: bytes
    packed: bytes | None
    integrity: str
    headers: dict[str, str]


class StaticFiles:
    """All browser files. `mounts` gives each short name (`shared`) its folder."""

    def __init__(self, mounts: dict[str, Path]) -> None:
        self._by_path: dict[str, StaticFile] = {}
        self.by_address: dict[str, StaticFile] = {}
        sources = {
            f"{name}/{found.relative_to(folder).as_posix()}": found
            for name, folder in mounts.items()
            for found in sorted(folder.rglob("*"))
            if found.suffix in _SERVED and found.is_file()
        }
        # Styles last: they carry the addresses of fonts and pictures.
        for path in sorted(sources, key=lambda each: (each.endswith(".css"), each)):
            self._add(path, sources[path].read_bytes())
        self.import_map = self._write_import_map()
        self.import_map_sha256 = _sri("sha256", self.import_map.encode())

    def address(self, path: str) -> str:
        """The address of `shared/styles/tokens.css`. An unknown path is our mistake: KeyError says which."""
        return self._by_path[path].address

    def addresses_in(self, folder: str, kinds: tuple[str, ...]) -> dict[str, str]:
        """The address of every file of these kinds right inside a folder, by its bare name."""
        found = {PurePosixPath(path): file.address for path, file in self._by_path.items()}
        inside = PurePosixPath(folder)
        return {path.stem: at for path, at in found.items() if path.parent == inside and path.suffix in kinds}

    def address_of_specifier(self, specifier: str) -> str:
        """Where the import map sends a specifier: for a worker, which has no import map."""
        address: str = json.loads(self.import_map)["imports"][specifier]
        return address

    def import_map_tag(self) -> Markup:
        """The script element that holds the import map, byte for byte as hashed in the policy."""
        return Markup(f'<script type="importmap">{self.import_map}</script>')  # noqa: S704 — our own file names

    def preload_tags(self, *specifiers: str) -> Markup:
        """`modulepreload` links, with the integrity that the import map demands."""
        imports = json.loads(self.import_map)["imports"]
        links = [
            f'<link rel="modulepreload" href="{imports[each]}" integrity="{self.by_address[imports[each]].integrity}">'
            for each in specifiers
        ]
        return Markup("\n".join(links))  # noqa: S704 — our own file names

    def _add(self, path: str, body: bytes) -> None:
        kind = PurePosixPath(path).suffix
        if kind == ".css":
            body = self._with_addresses(path, body.decode()).encode()
        stem = path[: -len(kind)]
        address = f"/static/{stem}.{hashlib.sha256(body).hexdigest()[:12]}{kind}"
        headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
        if stem.endswith("_worker"):
            headers["Content-Security-Policy"] = _WORKER_POLICY
        file = StaticFile(
            address=address,
            content_type=mimetypes.guess_type(path)[0] or "application/octet-stream",
            body=body,
            packed=gzip.compress(body, 6, mtime=0) if kind in _PACKED else None,
            integrity=_sri("sha256", body),
            headers=headers,
        )
        self._by_path[path] = self.by_address[address] = file

    def _with_addresses(self, path: str, css: str) -> str:
        """`url(../vendor/font.woff2)` as the fingerprinted address."""

        def replace(found: re.Match[str]) -> str:
            parts: list[str] = []
            for part in (PurePosixPath(path).parent / found.group(1)).parts:
                if part == "..":
                    parts.pop()
                else:
                    parts.append(part)
            return f'url("{self.address("/".join(parts))}")'

        return _CSS_URL.sub(replace, css)

    def _write_import_map(self) -> str:
        manifest = self._by_path.get("shared/vendor/manifest.json")
        if manifest is None:
            raise MissingFiles("the vendored browser files are missing; run `make vendor` (needs Node and npm)")
        imports = {
            f"#{path}": file.address
            for path, file in self._by_path.items()
            if path.endswith((".js", ".json")) and not path.startswith("shared/vendor/")
        }
        for entry in json.loads(manifest.body)["files"]:
            if entry.get("specifier"):
                imports[entry["specifier"]] = self.address(f"shared/vendor/{entry['file']}")
        integrity = {address: self.by_address[address].integrity for address in imports.values()}
        # "<" cannot end the script element early, whatever a file is called.
        return json.dumps({"imports": imports, "integrity": integrity}, sort_keys=True).replace("<", "\\u003c")


def _sri(algorithm: str, body: bytes) -> str:
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, body).digest()).decode()}"
