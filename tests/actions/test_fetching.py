"""Head office's files, fetched: from where the last answer ended, each once, and none passed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lobby_server.admin.fetching import CURSOR_LENGTH_MAX, Fetcher, hint, source_of
from lobby_server.customers import store as customers
from lobby_server.kernel.actor import system
from lobby_server.kernel.feeds import Fetched, fetched, newest_taken
from lobby_server.kernel.house import House
from lobby_server.kernel.settings import BadSettings
from tests import make
from tests.answering import Desk, answering
from tests.feeds import file_of, line
from tests.make import Cast

SETTINGS = """
connector = "simulated"
[feeds]
address = "http://127.0.0.1:{port}/files"
allowed = ["127.0.0.0/8"]
path = "/{{feed}}?after={{cursor}}"
feeds = ["customers"]
headers = {{ Authorization = "Bearer {{secret}}" }}
every_s = 300
"""


@dataclass
class Office:
    """Head office: its files in their order, marked 1, 2, 3, and what it was asked."""

    files: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    http_code: int = 200
    mark: str = "no {}/?"
    port: int = 0

    def answer(self, target: str) -> tuple[int, bytes, str]:
        """The file after a mark, and its own mark."""
        (after,) = parse_qs(urlsplit(target).query, keep_blank_values=True)["after"]
        self.asked.append(after)
        if self.http_code != 200:
            return self.http_code, b"", ""
        at = next((n for n in range(len(self.files)) if self.mark.format(n) == after), -1) + 1
        return (200, self.files[at], self.mark.format(at)) if at < len(self.files) else (204, b"", "")


@pytest.fixture
def office() -> Iterator[Office]:
    told = Office()

    class Files(Desk):
        def do_GET(self) -> None:  # noqa: N802  # a name that the library calls
            told.tokens.add(self.headers["Authorization"])
            http_code, body, mark = told.answer(self.path)
            self.answer(http_code, body, **({"X_Next_Cursor": mark} if mark else {}))

    with answering(Files) as told.port:
        yield told


@pytest.fixture
def house(database_url: str, tmp_path: Path, office: Office) -> Iterator[House]:
    """One whose settings name head office."""
    built = make.speaking_house(database_url, tmp_path, SETTINGS.format(port=office.port))
    yield built
    built.database.close()


def fetch(house: House) -> None:
    """A round, when it is time again."""
    make.advance(house, 301)
    source = source_of(house)
    assert source is not None
    Fetcher(house, source).fetch()
    source.place.close()


def known(house: House, *numbers: int) -> list[str]:
    """The names of these customers, as the branch knows them."""
    with house.database.read() as db:
        found = [customers.find_by_number(db, house.keys, f"C100{number}") for number in numbers]
    return [each.name if each else "" for each in found]


def state(house: House) -> Fetched:
    with house.database.read() as db:
        return fetched(db)["customers"]


def test_everything_new_is_taken_in_order_and_nothing_twice(house: House, cast: Cast, office: Office) -> None:
    office.files = [file_of(line(1)), file_of(line(2), line(1, name="王新名"), as_of="2026-11-25")]
    fetch(house)
    assert known(house, 1, 2) == ["王新名", "欧阳娜娜"]
    assert office.asked == ["", "no 0/?", "no 1/?"] and office.tokens == {"Bearer open sesame"}
    assert (state(house).cursor, state(house).refused) == ("no 1/?", None)
    fetch(house)
    assert office.asked[3:] == ["no 1/?"]
    office.files.append(file_of(line(3), as_of="2026-11-26"))
    fetch(house)
    assert known(house, 3) == ["欧阳娜娜"] and state(house).cursor == "no 2/?"


def test_between_two_rounds_it_is_not_asked(house: House, cast: Cast, office: Office) -> None:
    source = source_of(house)
    assert source is not None
    fetcher = Fetcher(house, source)
    for _ in range(3):
        fetcher.fetch()
    assert office.asked == [""]
    make.advance(house, 301)
    fetcher.fetch()
    assert len(office.asked) == 2


def test_a_hint_has_a_feed_asked_for_at_once_and_once(house: House, cast: Cast, office: Office) -> None:
    source = source_of(house)
    assert source is not None
    fetcher = Fetcher(house, source)
    fetcher.fetch()
    office.files = [file_of(line(1))]
    make.advance(house, 10)
    fetcher.fetch()
    assert office.asked == [""]
    for feed in ("customers", "products", "customers"):
        house.works.run(hint, feed, system(make.HERE))
    for _ in range(3):
        fetcher.fetch()
    assert office.asked == ["", "", "no 0/?"] and known(house, 1) == ["欧阳娜娜"]
    make.advance(house, 1)
    house.works.run(hint, "customers", system(make.HERE))
    fetcher.fetch()
    assert len(office.asked) == 4
    source.place.close()


def test_a_file_that_is_refused_is_not_passed_over_and_people_see_why(house: House, cast: Cast, office: Office) -> None:
    office.files = [file_of(line(1), {**line(2), "tier": "platin"}), file_of(line(3), as_of="2026-11-25")]
    fetch(house)
    assert known(house, 1, 2, 3) == ["", "", ""]
    assert (state(house).cursor, state(house).refused) == ("", "file_lines")
    office.files[0] = file_of(line(1), line(2))
    fetch(house)
    assert known(house, 1, 2, 3) == ["欧阳娜娜"] * 3 and state(house).refused is None


def test_whoever_dies_between_file_and_mark_takes_the_same_again_for_nothing(
    house: House, cast: Cast, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.files = [file_of(line(1))]
    with monkeypatch.context() as dying:
        dying.setattr(Fetcher, "_note", lambda *_told: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            fetch(house)
    assert known(house, 1) == ["欧阳娜娜"]
    fetch(house)
    with house.database.read() as db:
        assert newest_taken(db)["customers"][1] == 1
    assert (state(house).cursor, state(house).refused) == ("no 0/?", None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"http_code": 403}, "http_403"),
        ({"http_code": 302}, "http_302"),
        ({"mark": "x" * (CURSOR_LENGTH_MAX + 1)}, "no_cursor"),
        ({"files": [b"<html>maintenance</html>"]}, "file_cut"),
        ({"files": [b"x" * (1024 * 1024 + 1)]}, "answer_too_long"),
    ],
)
def test_another_answer_changes_nothing(
    house: House, cast: Cast, office: Office, changes: dict[str, object], code: str
) -> None:
    office.files = [file_of(line(1))]
    vars(office).update(changes)
    fetch(house)
    assert known(house, 1) == [""] and (state(house).cursor, state(house).refused) == ("", code)


def test_a_far_side_that_says_the_same_mark_for_ever_is_asked_once_a_round(
    house: House, cast: Cast, office: Office
) -> None:
    office.files, office.mark = [file_of(line(1))], "stuck"
    fetch(house)
    assert len(office.asked) <= 2 and state(house).cursor == "stuck"


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("path = ", "paths = ", "no 'paths'"),
        ("{cursor}", "1", "expected {feed} and {cursor}"),
        ('["customers"]', '["people"]', "expected some of"),
        ("every_s = 300", "every_s = 1", "expected 10 or more"),
        ("http://127.0.0.1", "ftp://127.0.0.1", "expected https"),
    ],
)
def test_a_wrong_setting_is_refused_at_once(house: House, tmp_path: Path, was: str, becomes: str, says: str) -> None:
    file = tmp_path / "head-office.toml"
    file.write_text(file.read_text().replace(was, becomes))
    with pytest.raises(BadSettings, match=says.replace("{", r"\{")):
        source_of(house)
