"""The documentation says what the code does: its tables are the code's own, and what it names is there."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lobby_server.kernel.settings import BadSettings, Settings
from tests import reference_pages
from tests.reference_pages import MADE, REFERENCE, ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RENEW = ".venv/bin/python -m tests.reference_pages"
# What a page may name although a fresh copy of the repository lacks it: made by make, or by the server.
MADE_LATER = ("var/", ".venv/", "dist/", "node_modules/", "staff_tablet/web/shared/vendor/", "docs/screens/")
NAMED_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+)(?:: ([\w.]+))?`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


# ---- Made from the code -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MADE)
def test_a_table_of_the_reference_is_what_the_code_says(name: str) -> None:
    found = [
        match[0]
        for page in REFERENCE.glob("*.md")
        for match in reference_pages.BLOCK.finditer(text_of(page))
        if match[1] == name
    ]
    assert found == [reference_pages.block(name)], f"write it anew with: {RENEW}"


def test_the_bounds_of_the_settings_are_those_of_the_page() -> None:
    bounds = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \|$", text_of(REFERENCE / "settings.md"), re.MULTILINE)
    assert {name for name, _least, _most in bounds} == {"port", "poll_ms", "beat_s", "replay_events_max", "proxies"}
    for name, least, most in bounds:
        for inside in (int(least), int(most)):
            Settings(**{name: inside})  # type: ignore[arg-type]
        for outside in (int(least) - 1, int(most) + 1):
            with pytest.raises(BadSettings, match=name):
                Settings(**{name: outside})  # type: ignore[arg-type]


# ---- What is named is there ---------------------------------------------------------------------------------------


@every_page
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(text_of(page)) if "://" not in link]
    broken = [link for link in links if not (page.parent / link).exists() and not is_picture_to_come(page, link)]
    assert broken == []


def is_picture_to_come(page: Path, link: str) -> bool:
    """`make screens` takes the pictures; their own page names each."""
    picture = (page.parent / link).resolve()
    screens = ROOT / "docs" / "screens"
    return picture.parent == screens and f"`{picture.name}`" in text_of(screens / "README.md")


@every_page
def test_every_file_and_name_in_it_that_a_page_speaks_of_exists(page: Path) -> None:
    missing = []
    for path, names in NAMED_FILE.findall(text_of(page)):
        if path.startswith(MADE_LATER) or not looks_like_ours(path):
            continue
        if not (ROOT / path).exists():
            missing.append(path)
        elif names:
            missing += [f"{path}: {name}" for name in names.split(".") if not is_defined(name, text_of(ROOT / path))]
    assert missing == []


def test_each_of_the_auditors_attempts_is_made_by_a_test() -> None:
    rows = [line for line in text_of(REFERENCE / "auditor.md").splitlines() if line.startswith("| ")][1:]
    proofs = [NAMED_FILE.findall(row.split(" | ")[2]) for row in rows]
    assert proofs and all(proofs)
    assert [each for proof in proofs for _, each in proof if not each.startswith("test_")] == []


def looks_like_ours(path: str) -> bool:
    return path.split("/", maxsplit=1)[0] in {each.name for each in ROOT.iterdir()}


def is_defined(name: str, code: str) -> bool:
    python = rf"^\s*(?:def|class) {name}\b|^(?:\w+, )*{name}\b[^\n]*="
    script = rf"\b(?:function|class|const) {name}\b|^\s*(?:async )?#?{name}\("
    return re.search(f"{python}|{script}", code, re.MULTILINE) is not None


@every_page
def test_every_command_that_a_page_speaks_of_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    known = set(re.findall(r"^## branch-lobby (\S+)", text_of(REFERENCE / "commands.md"), re.MULTILINE))
    known.add("device-token")  # no command: the text that a device signs begins so
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text_of(page), re.DOTALL))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", code)) - targets == set()
    assert set(re.findall(r"\bbranch-lobby ([a-z][a-z-]*)", code)) - known == set()


@every_page
def test_every_page_but_the_map_is_on_the_map(page: Path) -> None:
    docs = ROOT / "docs"
    linked = {(docs / link).resolve() for link in LINK.findall(text_of(docs / "index.md"))}
    assert page in {ROOT / "README.md", docs / "index.md"} | linked


def test_tiers_levels_and_roles_are_called_as_on_the_screens() -> None:
    """Each line of the second table of the words; who has no badge has no word."""
    folder = ROOT / "staff_tablet" / "web" / "shared" / "words"
    english, chinese = (json.loads(text_of(folder / f"{language}.json")) for language in ("en", "zh-CN"))
    rows = re.findall(r"^\| `(\w+)` \| ([^|(]+) \| ([^|]+) \|$", text_of(ROOT / "docs" / "words.md"), re.MULTILINE)
    assert len(rows) > 10
    for code, in_english, in_chinese in rows:
        (key,) = [f"{kind}.{code}" for kind in ("tier", "level", "role") if f"{kind}.{code}" in english]
        assert (english[key], chinese[key]) == (in_english, in_chinese)


# ---- Dependencies -------------------------------------------------------------------------------------------------


def asked_for() -> Iterator[str]:
    """Every package that we ask for by name, in Python, in the browser and from Debian."""
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    wanted = [each for extra in project["optional-dependencies"].values() for each in extra]
    wanted += tomllib.loads(text_of(ROOT / "deploy/tryton/pyproject.toml"))["project"]["dependencies"]
    for name in ("test", "build"):
        wanted += text_of(ROOT / f"requirements/{name}.in").splitlines()
    yield from (found[0] for each in wanted if (found := re.match(r"[\w-]+", each)))
    package = json.loads(text_of(ROOT / "package.json"))
    yield from [*package["dependencies"], *package["devDependencies"]]
    debian = re.search(r'^wanted="([^"]+)"', text_of(ROOT / "deploy/set-up/debian_packages.sh"), re.MULTILINE)
    assert debian is not None
    yield from debian[1].split()


def test_every_dependency_has_a_reason_and_a_licence() -> None:
    page = text_of(ROOT / "docs" / "dependencies.md")
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    assert sorted(name for name, _licence, _reason in rows) == sorted(set(asked_for()))
    assert [name for name, licence, reason in rows if not licence.strip() or len(reason.split()) < 4] == []
