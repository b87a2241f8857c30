"""Browser files at addresses that change with their content: cached for ever, never stale.

At start every file is read, named by its SHA-256 and compressed once; each page gets an import map of the modules
that it can reach, with integrity hashes, so that a page, its modules and its styles always belong to one version.
Comments stay in the repository, and a style that imports others is sent as one: a branch's tablet has a budget.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import brotli
from markupsafe import Markup

_CSS_URL = re.compile(r"""url\(["']?(?!data:|/)([^"')]+)["']?\)""")
SOUNDS = (".wav", ".ogg", ".opus", ".mp3")
# Whole lines and single-line type casts only, which our lint keeps apart from any string.
_JS_COMMENTS = re.compile(
    r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n|^[ \t]*//[^\n]*\n|/\*\* @[^\n]*?\*/ ?", re.DOTALL | re.MULTILINE
)
_CSS_COMMENTS = re.compile(r"/\*.*?\*/\n?", re.DOTALL)
_CSS_IMPORT = re.compile(r'@import "([^"]+)";\n')
_JS_IMPORT = re.compile(r'\b(?:from|import)\s*\(?\s*"([^"]+)"')
_SERVED = frozenset({".js", ".css", ".json", ".svg", ".woff2", ".wasm", ".png", ".webmanifest", *SOUNDS})
_PACKED = frozenset({".js", ".css", ".json", ".svg", ".wasm", ".webmanifest"})
# The best costs half a second at start for all that pages load first, and seconds for the decoder of codes.
_BEST, _QUICK, _LARGE_BYTES = 11, 9, 200_000
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
    """One file as it is sent; `packed` is the same by encoding."""

    address: str
    content_type: str
    body: bytes
    packed: Mapping[str, bytes]
    integrity: str
    headers: dict[str, str]


@dataclass(frozen=True)
class ImportMap:
    """What a page's modules are called, the hash by which its policy admits the map, and all their code."""

    text: str
    sha256: str
    code: str


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
        bodies = {path: _without_comments(path, source.read_bytes()) for path, source in sources.items()}
        # Styles last: they carry the addresses of fonts and pictures; and those that import others after these.
        for path in sorted(bodies, key=lambda each: (each.endswith(".css"), b"@import" in bodies[each], each)):
            self.add(path, bodies[path])
        self._paths = self._paths_of_specifiers()
        screens = [path for path in bodies if PurePosixPath(path).match("screens/*.js")]
        self.import_maps = {PurePosixPath(path).stem: self._write_import_map(path) for path in screens}

    def address(self, path: str) -> str:
        """The address of `shared/styles/tokens.css`. An unknown path is our mistake: KeyError says which."""
        return self._by_path[path].address

    def text(self, path: str) -> str:
        """What a file holds, as it is sent."""
        return self._by_path[path].body.decode()

    def addresses_in(self, folder: str, kinds: tuple[str, ...]) -> dict[str, str]:
        """The address of every file of these kinds right inside a folder, by its bare name."""
        found = {PurePosixPath(path): file.address for path, file in self._by_path.items()}
        inside = PurePosixPath(folder)
        return {path.stem: at for path, at in found.items() if path.parent == inside and path.suffix in kinds}

    def address_of_specifier(self, specifier: str) -> str:
        """Where an import map sends a specifier: for a worker, which has no import map."""
        return self.address(self._paths[specifier])

    def import_map_of(self, page: str) -> ImportMap:
        """The map of the page `sign-in`: of what its screen can reach. A page without modules gets an empty one."""
        return self.import_maps.get(page.replace("-", "_")) or self._written({}, "")

    def preload_tags(self, *specifiers: str) -> Markup:
        """`modulepreload` links, with the integrity that the import map demands."""
        files = [self._by_path[self._paths[each]] for each in specifiers]
        links = [f'<link rel="modulepreload" href="{each.address}" integrity="{each.integrity}">' for each in files]
        return Markup("\n".join(links))  # noqa: S704 — our own file names

    def add(self, path: str, body: bytes) -> None:
        """One more file, at an address that its content decides."""
        kind = PurePosixPath(path).suffix
        if kind == ".css":
            body = _CSS_IMPORT.sub(lambda found: self._by_path[found.group(1)].body.decode(), body.decode()).encode()
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
            packed=_packed(body) if kind in _PACKED else {},
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

    def _paths_of_specifiers(self) -> dict[str, str]:
        manifest = self._by_path.get("shared/vendor/manifest.json")
        if manifest is None:
            raise MissingFiles("the vendored browser files are missing; run `make vendor` (needs Node and npm)")
        paths = {f"#{path}": path for path in self._by_path if path.endswith(".js") and not _is_vendored(path)}
        for entry in json.loads(manifest.body)["files"]:
            if entry.get("specifier"):
                paths[entry["specifier"]] = f"shared/vendor/{entry['file']}"
        return paths

    def _write_import_map(self, screen: str) -> ImportMap:
        """The names of all modules that a screen reaches, now or later."""
        specifiers: set[str] = set()
        ahead = [screen]
        while ahead:
            found = set(_JS_IMPORT.findall(self._by_path[ahead.pop()].body.decode())) & self._paths.keys() - specifiers
            specifiers |= found
            ahead += [self._paths[each] for each in found]
        imports = {each: self.address(self._paths[each]) for each in specifiers}
        reached = [screen, *sorted(self._paths[each] for each in specifiers)]
        return self._written(imports, "\n".join(self._by_path[path].body.decode() for path in reached))

    def _written(self, imports: dict[str, str], code: str) -> ImportMap:
        integrity = {address: self.by_address[address].integrity for address in imports.values()}
        text = json.dumps({"imports": imports, "integrity": integrity}, sort_keys=True, separators=(",", ":"))
        # "<" cannot end the script element early, whatever a file is called.
        text = text.replace("<", "\\u003c")
        return ImportMap(text, _sri("sha256", text.encode()), code)


def _packed(body: bytes) -> dict[str, bytes]:
    """By encoding, the better one first: browsers take `br` over TLS and on loopback only."""
    # Quality 11 would take four times as long at start for another three per cent.
    quality = _BEST if len(body) < _LARGE_BYTES else _QUICK
    return {"br": brotli.compress(body, quality=quality), "gzip": gzip.compress(body, 9, mtime=0)}


def _is_vendored(path: str) -> bool:
    return path.startswith("shared/vendor/")


def _without_comments(path: str, body: bytes) -> bytes:
    """Our own code as browsers need it; what others wrote is sent as they wrote it."""
    comments = {".js": _JS_COMMENTS, ".css": _CSS_COMMENTS}.get(PurePosixPath(path).suffix)
    return comments.sub("", body.decode()).encode() if comments and not _is_vendored(path) else body


def _sri(algorithm: str, body: bytes) -> str:
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, body).digest()).decode()}"
