"""Head office's files that broke on the way, of every kind: refused by a code, and not a row has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import sqlalchemy as sa

from lobby_server.admin.feeds import KINDS, Import, take
from lobby_server.kernel.actor import system
from lobby_server.kernel.database import metadata
from lobby_server.kernel.errors import Refusal
from lobby_server.kernel.house import House
from tests.feeds import file_of
from tests.make import HERE, Cast

SECRET = "王某某13800000000"

# What happens to a file between head office and the branch; the argument is the kind of file.
BROKEN: Mapping[str, tuple[Callable[[str], bytes], str]] = {
    "empty": (lambda _kind: b"", "file_cut"),
    "cut in the trailer": (lambda kind: file_of({"x": SECRET}, feed=kind)[:-10], "file_cut"),
    "without its trailer": (lambda kind: file_of(feed=kind).split(b"\n")[0] + b"\n", "file_cut"),
    "of another kind": (lambda _kind: file_of({"x": SECRET}, feed="weather"), "file_cut"),
    "a page of a proxy": (lambda _kind: b"<html><body>502</body></html>\n" * 3, "file_cut"),
    "a wrong count": (lambda kind: file_of({"x": SECRET}, feed=kind, count=7), "file_altered"),
    "a wrong sum": (lambda kind: file_of({"x": SECRET}, feed=kind, sha256="0" * 64), "file_altered"),
    "one letter changed": (
        lambda kind: file_of({"x": SECRET}, feed=kind).replace(b"hq-crm", b"hq-crn"),
        "file_altered",
    ),
    "a line that says something else": (lambda kind: file_of({"x": SECRET}, feed=kind), "file_lines"),
    "a line that is no object": (lambda kind: file_of(b"[1, 2", feed=kind), "file_lines"),
    "a line in no known letters": (lambda kind: file_of(b'{"x": "\xff\xfe"}', feed=kind), "file_lines"),
    "a line without an end": (lambda kind: file_of(b'{"x": "' + b"a" * 20_000 + b'"}', feed=kind), "file_lines"),
}


def everything(house: House) -> dict[str, list[str]]:
    """Every row of every table but the audit, which may note the attempt, and the clock that numbers it."""
    with house.database.read() as db:
        return {
            name: sorted(repr(tuple(row)) for row in db.execute(sa.select(table)))
            for name, table in metadata.tables.items()
            if name not in ("audit", "branch_clock")
        }


@pytest.mark.usefixtures("cast")
@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_file_is_refused_by_its_code_and_changes_nothing(house: House, kind: str) -> None:
    before = everything(house)
    codes = {}
    for how, (write, _code) in BROKEN.items():
        with pytest.raises(Refusal) as refused:
            take(house, Import(kind, write(kind)), system(HERE))
        codes[how] = refused.value.code
        assert SECRET not in repr(refused.value.facts), "a refusal repeats what stood in the file"
    assert codes == {how: code for how, (_write, code) in BROKEN.items()}
    assert everything(house) == before


def test_a_whole_file_changes_something_so_the_refusals_mean_something(house: House, cast: Cast) -> None:
    before = everything(house)
    line = {"branch": HERE, "staff_no": cast.zhou.number, "customer_no": "C1"}
    take(house, Import("kin", file_of(line, feed="kin")), system(HERE))
    assert everything(house) != before
