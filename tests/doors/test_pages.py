"""Every page under the same strict policy, and every browser file at an address that never changes its content."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import brotli
import pytest

from lobby_server.app import Lobby
from lobby_server.branch.tables import branch
from lobby_server.doors.files import MissingFiles, StaticFiles
from lobby_server.kernel.house import House
from tests import make
from tests.doors import calling
from tests.doors.calling import Callers, refusal
from tests.make import Cast

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

POLICY = (
    "default-src 'none'; script-src 'self' '{import_map}'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src {connect}; media-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sw"
)
EVIL = "</script><img src=x onerror=alert(1)>\"'"


def all_pages(lobby: Lobby, callers: Callers) -> dict[str, str]:
    """Every page as whoever may see it, by its address."""
    ticket = make.routed(lobby.house, callers.kiosk.who).issued
    pages = dict.fromkeys(("/", "/sign-in", "/kiosk", "/wall", f"/t/{ticket.ticket_key}"), callers.nobody)
    pages |= {"/tablet": callers.manager, "/desk": callers.teller}
    found = {}
    for path, who in pages.items():
        answer = who.http.get(path)
        assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8"), path
        found[path] = answer.text
    return found


def page_facts(html: str) -> Any:
    """What the page tells its script."""
    found = re.search(r'<script type="application/json" id="page">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found.group(1))


def import_map(html: str) -> str:
    found = re.search(r'<script type="importmap">(.*?)</script>', html, re.DOTALL)
    return found.group(1) if found else ""


def integrity(algorithm: str, body: bytes) -> str:
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, body).digest()).decode()}"


# ---- The policy ---------------------------------------------------------------------------------------------------


def test_every_page_travels_with_exactly_the_policy(lobby: Lobby, callers: Callers) -> None:
    for path, html in all_pages(lobby, callers).items():
        who = {"/tablet": callers.manager, "/desk": callers.teller}.get(path, callers.nobody)
        headers = who.http.get(path).headers
        written = integrity("sha256", (import_map(html) or '{"imports":{},"integrity":{}}').encode())
        connect = "'self' ws://127.0.0.1:47800" if path == "/kiosk" else "'self'"
        assert headers["Content-Security-Policy"] == POLICY.format(import_map=written, connect=connect), path
        camera = "(self)" if path == "/kiosk" else "()"
        assert headers["Permissions-Policy"] == f"camera={camera}, microphone=(), geolocation=(), payment=()"


def test_every_answer_is_kept_by_nobody_and_guessed_at_by_nobody(lobby: Lobby, callers: Callers) -> None:
    for path in (
        "/",
        "/kiosk",
        "/livez",
        "/openapi.json",
        "/asyncapi.json",
        "/api/v1/lobby",
        "/nothing",
        "/static/none.js",
    ):
        headers = callers.nobody.http.get(path).headers
        assert headers["Cache-Control"] == "no-store", path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Server" not in headers or "Werkzeug" in headers["Server"]
        if not path.startswith(("/kiosk", "/?")) and path != "/":
            assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_the_service_worker_keeps_only_addresses_that_exist_and_no_page_with_a_person(callers: Callers) -> None:
    answer = callers.nobody.http.get("/sw.js")
    assert answer.headers["Cache-Control"] == "no-store" and answer.mimetype == "text/javascript"
    first, _script = answer.text.split("\n", 1)
    kept = json.loads(first.removeprefix("self.kept = ").removesuffix(";"))
    assert "/away?lang=zh-CN" in kept["addresses"] and "/away?lang=en" in kept["addresses"]
    for address in kept["addresses"]:
        assert callers.manager.http.get(address).status_code == 200, address
    assert callers.manager.http.get("/away?lang=en").text == callers.nobody.http.get("/away?lang=en").text
    assert callers.manager.who.name not in callers.manager.http.get("/away").text
    public = callers.nobody.http.get("/away?screen=public").text
    assert "/away?screen=public" in kept["addresses"] and 'lang="zh-CN"' in public and 'lang="en"' in public


def test_a_pages_import_map_names_what_its_modules_reach_and_nothing_of_other_pages(callers: Callers) -> None:
    tablet = json.loads(import_map(callers.manager.http.get("/tablet").text))["imports"]
    assert {"preact", "socket.io-client", "#staff/parts/visit_detail.js", "idb"} <= tablet.keys()
    assert not {each for each in tablet if "kiosk" in each or "admin" in each or each == "zxing-wasm/reader"}
    for address in tablet.values():
        body = callers.nobody.http.get(address).text
        named = set(re.findall(r'^import .*?"(#[^"]+)"', body, re.MULTILINE))
        assert named <= tablet.keys(), address


def test_the_tablet_can_be_installed_and_stands_alone(callers: Callers) -> None:
    html = callers.manager.http.get("/tablet?lang=en").text
    (address,) = re.findall(r'<link rel="manifest" href="([^"]+)">', html)
    answer = callers.nobody.http.get(address)
    told = answer.get_json(force=True)
    assert answer.content_type == "application/manifest+json"
    assert (told["start_url"], told["display"], told["name"]) == ("/tablet", "standalone", "Lobby desk")
    assert callers.nobody.http.get(told["icons"][0]["src"]).status_code == 200


def test_comments_stay_in_the_repository_and_code_does_not(callers: Callers) -> None:
    imports = json.loads(import_map(callers.manager.http.get("/tablet").text))["imports"]
    for specifier, address in imports.items():
        if specifier.startswith("#"):
            body = callers.nobody.http.get(address).text
            assert "/**" not in body and not re.search(r"^\s*//", body, re.MULTILINE), specifier
            assert "export " in body


def test_a_page_is_told_the_words_of_its_own_areas_in_both_languages(callers: Callers) -> None:
    told = page_facts(callers.manager.http.get("/tablet").text)["words"]
    chinese, english = (callers.nobody.http.get(told[each]).get_json() for each in ("zh-CN", "en"))
    assert chinese.keys() == english.keys()
    assert {"claim.mine", "reason.pension_day", "touch.arrive", "error.claimed_by"} <= chinese.keys()
    assert not {key for key in chinese if key.startswith(("admin.", "kiosk.", "wallet."))}


def test_a_page_of_staff_has_all_its_styles_in_one_file(callers: Callers) -> None:
    html = callers.manager.http.get("/tablet").text
    (address,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', html)
    body = callers.nobody.http.get(address).text
    assert "@import" not in body and "/*" not in body
    assert body.index(":root") < body.index(".card {") < body.index(".detail {")


def test_no_page_holds_a_script_style_or_handler_of_its_own(lobby: Lobby, callers: Callers) -> None:
    for path, html in all_pages(lobby, callers).items():
        inline = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"(?:importmap|application/json)\")", html)
        assert inline == [], path
        assert re.findall(r"<[^>]+\s(?:on\w+|style)=", html) == [], path
        assert "<style" not in html and "javascript:" not in html
        assert re.findall(r"(?:src|href)=\"(?:https?:)?//", html) == [], path


# ---- What a page says ---------------------------------------------------------------------------------------------


def test_a_name_cannot_end_the_script_that_tells_it(house: House, cast: Cast) -> None:
    evil = dict.fromkeys(("zh-CN", "en"), EVIL)
    house.database.run(lambda db: db.execute(branch.update().values(names=evil)))
    lobby = calling.open_doors(house, bank_names=evil)
    callers = calling.let_in(lobby)
    for path, html in all_pages(lobby, callers).items():
        assert "<img src=x" not in html, path
        if not path.startswith("/t/"):
            assert page_facts(html)["bank"]["names"]["en"] == EVIL


def test_only_who_is_signed_in_gets_a_token_on_the_page(callers: Callers) -> None:
    anonymous, signed_in = (page_facts(each.http.get("/").text) for each in (callers.nobody, callers.teller))
    assert (anonymous["csrf"], anonymous["me"]) == (None, None)
    assert signed_in["csrf"] == callers.teller.proof["X-CSRF-Token"]
    assert signed_in["me"]["name"] == "周敏"


def test_the_sign_ins_of_the_trial_are_told_by_the_trial_only(house: House, cast: Cast) -> None:
    for demo in (False, True):
        http = calling.open_doors(house, demo=demo, demo_password="geheim").flask.test_client()
        for path in ("/", "/sign-in"):
            html = http.get(path).text
            assert ("geheim" in html) is demo
            assert bool(page_facts(html)["sign_ins"]) is demo


@pytest.mark.parametrize(
    ("asked", "next_page"),
    [
        ("/tablet", "/tablet"),
        ("/desk", "/desk"),
        ("", "/"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/tablet@evil.example", "/"),
        ("/tablet/../../x", "/"),
        ("javascript:alert(1)", "/"),
        ("/desk%0d%0aX:1", "/"),
    ],
)
def test_after_signing_in_one_comes_to_our_own_pages_only(callers: Callers, asked: str, next_page: str) -> None:
    html = callers.nobody.http.get("/sign-in", query_string={"next": asked}).text
    assert page_facts(html)["next"] == next_page
    assert "evil.example" not in html


def test_whoever_may_not_see_a_page_is_led_to_signing_in(callers: Callers) -> None:
    for path, strangers in (
        ("/tablet", (callers.nobody, callers.teller, callers.admin)),
        ("/desk", (callers.nobody, callers.manager)),
    ):
        for who in strangers:
            answer = who.http.get(path)
            assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in?next={path}")


def test_a_page_speaks_the_language_that_is_asked_for(callers: Callers) -> None:
    for query, header, language in (
        ("", "", "zh-CN"),
        ("", "en-GB,en;q=0.8", "en"),
        ("", "fr", "zh-CN"),
        ("?lang=en", "zh-CN", "en"),
        ("?lang=zh-CN", "en", "zh-CN"),
        ("?lang=../../etc", "en", "en"),
    ):
        html = callers.nobody.http.get(f"/{query}", headers={"Accept-Language": header}).text
        assert f'<html lang="{language}">' in html, (query, header)


# ---- Browser files ------------------------------------------------------------------------------------------------


def addresses_in(text: str) -> set[str]:
    return set(re.findall(r"/static/[\w./@-]+\.\w+", text))


def test_every_file_that_a_page_a_style_or_a_module_names_is_there(lobby: Lobby, callers: Callers) -> None:
    wanted = {address for html in all_pages(lobby, callers).values() for address in addresses_in(html)}
    seen: set[str] = set()
    while fresh := wanted - seen:
        for address in fresh:
            answer = callers.nobody.http.get(address)
            assert answer.status_code == 200, address
            if address.endswith((".css", ".js")):
                wanted |= addresses_in(answer.text)
            seen.add(address)
    assert any(address.endswith(".woff2") for address in seen)
    assert len(seen) > 50


def test_a_file_is_kept_for_ever_at_an_address_that_is_its_content(lobby: Lobby, callers: Callers) -> None:
    html = callers.nobody.http.get("/kiosk").text
    for address in sorted(addresses_in(html)):
        answer = callers.nobody.http.get(address)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert hashlib.sha256(answer.get_data()).hexdigest()[:12] in address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_import_map_and_the_preloads_name_the_content_that_is_sent(callers: Callers) -> None:
    html = callers.nobody.http.get("/kiosk").text
    written = json.loads(import_map(html))
    assert set(written["imports"].values()) == set(written["integrity"])
    preloaded = dict(re.findall(r'<link rel="modulepreload" href="([^"]+)" integrity="([^"]+)">', html))
    assert preloaded
    for address, promised in (written["integrity"] | preloaded).items():
        assert integrity("sha256", callers.nobody.http.get(address).get_data()) == promised, address


def test_a_file_is_packed_for_browsers_that_take_it(callers: Callers) -> None:
    address = next(each for each in addresses_in(callers.nobody.http.get("/").text) if each.endswith(".css"))
    plain = callers.nobody.http.get(address)
    assert "Content-Encoding" not in plain.headers
    unpack = {"gzip": gzip.decompress, "br": brotli.decompress, None: lambda body: body}
    accepted = {"gzip, br": "br", "GZIP;q=0.5": "gzip", "br": "br", "gzip;q=0": None, "br;q=0, gzip": "gzip", "": None}
    for takes, encoding in accepted.items():
        answer = callers.nobody.http.get(address, headers={"Accept-Encoding": takes})
        assert answer.headers.get("Content-Encoding") == encoding, takes
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert unpack[encoding](answer.get_data()) == plain.get_data()


def test_a_hall_of_screens_that_start_at_once_behind_one_address_gets_all_its_files(
    lobby: Lobby, callers: Callers
) -> None:
    """In the morning all machines are switched on together, and a proxy makes them one address: no page may break."""
    files = addresses_in(callers.nobody.http.get("/kiosk").text)
    refused_ones = 0
    for _screen in range(8):
        codes = [callers.nobody.http.get(address).status_code for address in files]
        refused_ones += sum(code != 200 for code in codes)
    assert refused_ones == 0


def test_only_a_worker_may_compile(lobby: Lobby, callers: Callers) -> None:
    addresses = addresses_in(callers.nobody.http.get("/kiosk").text)
    admitted = {
        address
        for address in addresses
        if "wasm-unsafe-eval" in callers.nobody.http.get(address).headers.get("Content-Security-Policy", "")
    }
    assert admitted == {address for address in addresses if "_worker." in address} != set()
    assert "wasm-unsafe-eval" not in callers.nobody.http.get("/kiosk").headers["Content-Security-Policy"]


def test_no_file_outside_the_browsers_folders_can_be_reached(callers: Callers) -> None:
    for name in (
        "shared/words/zh-CN.json",
        "../lobby_server/app.py",
        "..%2f..%2fetc/passwd",
        "kiosk.html",
        "",
        "shared",
    ):
        assert refusal(callers.nobody.http.get(f"/static/{name}"))[0] == 404, name


def test_without_the_vendored_files_the_server_says_what_to_run(tmp_path: Path, lobby: Lobby) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.js").write_text("export {};\n")
    with pytest.raises(MissingFiles, match="make vendor"):
        StaticFiles({"shared": tmp_path})


def test_it_is_ready_only_when_the_database_has_the_expected_shape(lobby: Lobby, callers: Callers) -> None:
    assert callers.nobody.http.get("/livez").get_json() == {"alive": True}
    assert callers.nobody.http.get("/readyz").get_json() == {"ready": True}
    lobby.house.database.run(lambda db: db.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'"))
    answer = callers.nobody.http.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"ready": False})
    assert callers.nobody.http.get("/livez").status_code == 200
