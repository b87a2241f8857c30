"""The house rules that no ready-made tool checks: sizes, names, and no word of where packages are fetched from.

That every module stands on a floor is the import contracts' business (`make check-python`).
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# docs/style.md, section 8.
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
CODE = {".py", ".js", ".mjs", ".css", ".html", ".sh"}

# docs/style.md, section 7: these name nothing.
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "misc", "data", "info", "process", "handle", "do_it"}
# An event's facts go over the wire in a field `data`, a name that the outside relies on.
ALLOWED = {("events.py", "data")}
# One word for one thing: it is `state`.
FORBIDDEN_FIELDS = {"status"}

# The hosts of package registries, each broken by a class so that this file does not name them either.
REGISTRIES = re.compile(
    r"py[p]i\.(org|python)|pythonhoste[d]\.org|npmj[s]\.(org|com)|yarnpk[g]\.com|deb\.debia[n]\.org"
    r"|--(extra-)?index-ur[l]|--trusted-hos[t]|\"resolve[d]\":\s*\"http",
    re.IGNORECASE,
)


@cache
def our_files() -> tuple[Path, ...]:
    """Every file that is tracked or about to be: what git knows and what it does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in sorted(listed.split("\0")) if name and (path := ROOT / name).is_file())


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def our_code(*suffixes: str) -> list[Path]:
    return [path for path in our_files() if path.suffix in (suffixes or CODE)]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def definitions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in our_code()}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in our_code(".py")
        for node in definitions(path)
        if not isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert too_long == []


def test_no_file_or_folder_has_a_name_that_names_nothing() -> None:
    parts = {part for path in our_code() for part in (*path.relative_to(ROOT).parent.parts, path.stem)}
    assert parts & FORBIDDEN == set()


def test_no_function_or_class_has_a_name_that_names_nothing() -> None:
    found = []
    for path in our_code(".py"):
        in_kernel = path.is_relative_to(ROOT / "lobby_server" / "kernel")
        for node in definitions(path):
            name = node.name.lstrip("_")
            empty = name in FORBIDDEN and (path.name, name) not in ALLOWED
            if isinstance(node, ast.ClassDef):
                empty = empty or name.lower() in FORBIDDEN or name.endswith("Manager")
                empty = empty or (name.startswith("Base") and not in_kernel)
            if empty:
                found.append(f"{name_of(path)}:{node.lineno} {node.name}")
    assert found == []


def test_nothing_of_ours_has_a_status_it_is_a_state() -> None:
    """Fields of our own classes; an HTTP status of the framework keeps its name."""
    found = [
        f"{name_of(path)}:{field.lineno} {node.name}.{field.target.id}"
        for path in our_code(".py")
        if "doors" not in path.parts and "tests" not in path.parts
        for node in definitions(path)
        if isinstance(node, ast.ClassDef)
        for field in node.body
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and field.target.id in FORBIDDEN_FIELDS
    ]
    assert found == []


@pytest.mark.parametrize("path", [path for path in our_code(".py") if path.name == "__init__.py"], ids=name_of)
def test_a_package_says_in_one_sentence_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree_of(path)), "no docstring"


def test_no_tracked_file_says_where_packages_are_fetched_from() -> None:
    found = []
    for path in our_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, a font
        found += [f"{name_of(path)}: {match.group()}" for match in REGISTRIES.finditer(text)]
    assert found == []


def test_every_pinned_package_has_its_hashes() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.lock")):
        text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
        pins = [line for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]
        assert pins, lock.name
        assert [pin for pin in pins if "--hash=sha256:" not in pin] == [], lock.name


def test_a_branch_installs_the_same_versions_that_were_tested() -> None:
    pins = {
        lock: dict(
            re.findall(
                r"^([a-z0-9-]+)==(\S+)", (ROOT / f"requirements/{lock}.lock").read_text(encoding="utf-8"), re.MULTILINE
            )
        )
        for lock in ("server", "build", "test")
    }
    for lock in ("server", "build"):
        assert pins[lock].items() <= pins["test"].items(), f"{lock}.lock and test.lock differ: run `make lock`"
