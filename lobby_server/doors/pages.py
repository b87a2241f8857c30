"""Our own pages: rendered from templates, each under the strict policy of docs/reference/page-policy.md."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lobby_server.doors.files import StaticFiles
from lobby_server.doors.routes import Answer
from lobby_server.kernel.errors import NotFound

# The area of a word as scripts name it: "desk.line" or `why.${reason}`.
_AREA = re.compile(r"""["'`]([a-z_]+)\.""")
LANGUAGES = ("zh-CN", "en")
KIOSK_AGENT_SOCKET = "ws://127.0.0.1:47800"


@dataclass(frozen=True)
class Words:
    """The catalogues, one a language, shared with the scripts."""

    catalogues: dict[str, dict[str, str]]

    @classmethod
    def read(cls, folder: Path) -> Words:
        """Read every language's file."""
        return cls({each: json.loads((folder / f"{each}.json").read_text("utf-8")) for each in LANGUAGES})

    def word(self, language: str, key: str, **facts: object) -> str:
        """The sentence for a key. A missing key is our mistake: KeyError."""
        return self.catalogues[language][key].format(**facts)


class Pages:
    """Renders pages and words the policy that travels with each."""

    def __init__(self, templates: list[Path], files: StaticFiles, words: Words) -> None:
        self.files = files
        self.words = words
        # At start, since any process may be asked for what another's page named.
        self._spoken = {
            (page, language): self._add_words(page, language, each.code)
            for page, each in files.import_maps.items()
            for language in words.catalogues
        }
        self._templates = Environment(
            loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined, auto_reload=False
        )
        self._templates.globals.update(asset=files.address, preload=files.preload_tags)

    def page(self, template: str, language: str, page: dict[str, Any], **facts: Any) -> Answer:
        """One page. `page` is what its script reads; `facts` are for the template alone."""
        name = template.removesuffix(".html")
        import_map = self.files.import_map_of(name)
        words = {each: self._spoken.get((name.replace("-", "_"), each)) for each in LANGUAGES}
        told = {**page, "lang": language, "icons": self.files.address("shared/vendor/icons.svg"), "words": words}
        body = self._templates.get_template(template).render(
            lang=language,
            page=told,
            # "<" would let a name end the script element.
            page_json=Markup(json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")),  # noqa: S704
            # Byte for byte as hashed in the policy; our own file names.
            import_map_tag=Markup(f'<script type="importmap">{import_map.text}</script>'),  # noqa: S704
            word=lambda key, **given: self.words.word(language, key, **given),
            **facts,
        )
        headers = self._headers(import_map.sha256, is_kiosk=page.get("page") == "kiosk")
        return Answer(200, body, headers, content_type="text/html; charset=utf-8")

    def _add_words(self, page: str, language: str, code: str) -> str:
        """A file of the sentences that a page may say: those of every area that its code names; its address."""
        path = f"shared/words/{page}.{language}.json"
        areas = set(_AREA.findall(code))
        said = {key: text for key, text in self.words.catalogues[language].items() if key.split(".")[0] in areas}
        self.files.add(path, json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())
        return self.files.address(path)

    def _headers(self, import_map_sha256: str, *, is_kiosk: bool) -> dict[str, str]:
        connect = f"'self' {KIOSK_AGENT_SOCKET}" if is_kiosk else "'self'"
        policy = (
            f"default-src 'none'; script-src 'self' '{import_map_sha256}'; style-src 'self'; "
            f"img-src 'self'; font-src 'self'; connect-src {connect}; media-src 'self'; worker-src 'self'; "
            "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'; trusted-types sw"
        )
        camera = "(self)" if is_kiosk else "()"
        return {
            "Content-Security-Policy": policy,
            "Permissions-Policy": f"camera={camera}, microphone=(), geolocation=(), payment=()",
        }


def language_of_request() -> str:
    """The language asked for with `?lang=`, else the browser's, else Chinese."""
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(LANGUAGES, default=LANGUAGES[0]) or LANGUAGES[0]


def send_file(files: StaticFiles, address: str) -> Answer:
    """The file at an address, packed where the browser takes it. Raises NotFound."""
    file = files.by_address.get(address)
    if file is None:
        raise NotFound("file")
    for encoding, packed in file.packed.items():
        if request.accept_encodings.quality(encoding) > 0:
            headers = {**file.headers, "Content-Encoding": encoding}
            return Answer(200, packed, headers, content_type=file.content_type)
    return Answer(200, file.body, file.headers, content_type=file.content_type)
