"""The addresses of all pages, and the browser files they load."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from flask import request

from lobby_server.admin.furnish import plan
from lobby_server.branch import store as branches
from lobby_server.doors.files import SOUNDS, StaticFiles
from lobby_server.doors.pages import LANGUAGES, Pages, Words, language_of_request, send_file
from lobby_server.doors.routes import Answer, Call, Door, sha256
from lobby_server.doors.who import ADMIN, ANYONE, HEAD, LOBBY_MANAGER, RM, TELLER
from lobby_server.kernel.actor import NOBODY
from lobby_server.kernel.errors import NotFound
from lobby_server.kernel.settings import Settings
from lobby_server.queue import store as queue_store
from staff_tablet.screens.lobby import branch_seen

_WORKPLACE = {LOBBY_MANAGER: "/tablet", HEAD: "/head", TELLER: "/desk", RM: "/rm", ADMIN: "/admin"}
# After signing in to one of our own pages only.
_AFTER_SIGN_IN = frozenset({*_WORKPLACE.values(), "/desk", "/mine"})
_WORKER = "shared/workers/away.js"
_WORKER_POLICY = "default-src 'none'; connect-src 'self'"
_AWAY_FILES = (
    "staff/screens/away.js",
    *(f"shared/styles/{each}.css" for each in ("tokens", "base", "button")),
    "staff/styles/away.css",
)
WEB = Path(__file__).parents[1] / "web"


def load_pages(kiosk_web: Path, recordings_dir: str = "") -> Pages:
    """Read all browser files, templates and words once. Raises MissingFiles when they are not vendored."""
    shared = WEB / "shared"
    own = {name: WEB / name for name in ("screens", "parts", "styles", "lib") if (WEB / name).is_dir()}
    sounds = {"voice": WEB / "voice", **({"recordings": Path(recordings_dir)} if recordings_dir else {})}
    mounts = {"shared": shared, "kiosk": kiosk_web, **{f"staff/{name}": folder for name, folder in own.items()}}
    mounts.update({name: folder for name, folder in sounds.items() if folder.is_dir()})
    return Pages([WEB, kiosk_web], StaticFiles(mounts), Words.read(shared / "words"))


def voice_clips(files: StaticFiles) -> dict[str, dict[str, str]]:
    """Where the clips of each language are; a recording stands before the synthetic clip of its name."""
    return {
        language: files.addresses_in(f"voice/{language}", SOUNDS) | files.addresses_in(f"recordings/{language}", SOUNDS)
        for language in LANGUAGES
    }


def page_door(pages: Pages) -> Door:
    """Every page that a browser may open."""
    door = Door("pages", prefix="")

    def show(call: Call, name: str, *, may: Collection[str] = (), **told: Any) -> Answer:
        """A page, or the way to signing in for a page of staff."""
        if may and not call.actor.roles & set(may):
            return Answer(303, headers={"Location": f"/sign-in?next=/{name}"})
        language = language_of_request()
        page = {
            "page": name,
            "demo": call.house.settings.demo,
            "csrf": call.actor.csrf or None,
            "me": _me(call),
            "branch": _branch(call),
            "bank": {"names": dict(call.house.settings.bank_names)},
            **told,
        }
        if name in ("chooser", "sign-in"):
            page["sign_ins"] = _trial_sign_ins(call.house.settings)
        return pages.page(f"{name}.html", language, page, other_language=_other(language))

    @door.question("/", may={ANYONE})
    def get_chooser(call: Call) -> Answer:
        """Choose a screen."""
        return show(call, "chooser")

    @door.question("/sign-in", may={ANYONE})
    def get_sign_in(call: Call) -> Answer:
        """Sign in; afterwards to one of our own pages only."""
        after = call.query.get("next", "/")
        return show(call, "sign-in", next=after if after in _AFTER_SIGN_IN else "/", branches=_all_branches(call))

    @door.question("/kiosk", may={ANYONE})
    def get_kiosk(call: Call) -> Answer:
        """The kiosk; it proves itself with its device key."""
        decoder = {
            "worker": pages.files.address("kiosk/lib/decoder_worker.js"),
            "reader": pages.files.address_of_specifier("zxing-wasm/reader"),
            "wasm": pages.files.address("shared/vendor/zxing_reader.wasm"),
        }
        return show(call, "kiosk", decoder=decoder, voice=any(voice_clips(pages.files).values()))

    @door.question("/wall", may={ANYONE})
    def get_wall(call: Call) -> Answer:
        """The wall display; it proves itself with its device key."""
        return show(call, "wall", voice=any(voice_clips(pages.files).values()))

    _workplaces(door, show)
    _files(door, pages)
    return door


def _workplaces(door: Door, show: Callable[..., Answer]) -> None:
    """The pages of staff; `show` leads whoever may not open one to signing in."""

    @door.question("/tablet", may={ANYONE})
    def get_tablet(call: Call) -> Answer:
        """The lobby manager's tablet."""
        return show(call, "tablet", may={LOBBY_MANAGER, HEAD})

    @door.question("/desk", may={ANYONE})
    def get_desk(call: Call) -> Answer:
        """The teller's and RM's desk."""
        return show(call, "desk", may={TELLER, RM})

    @door.question("/rm", may={ANYONE})
    def get_rm(call: Call) -> Answer:
        """The relationship manager's inbox, made for a phone."""
        return show(call, "rm", may={RM})

    @door.question("/mine", may={ANYONE})
    def get_mine(call: Call) -> Answer:
        """Everybody's own referrals and pay."""
        return show(call, "mine", may=_WORKPLACE)

    @door.question("/admin", may={ANYONE})
    def get_admin(call: Call) -> Answer:
        """The administrator's pages."""
        return show(call, "admin", may={ADMIN, HEAD})

    @door.question("/head", may={ANYONE})
    def get_head(call: Call) -> Answer:
        """The branch head's figures."""
        return show(call, "head", may={HEAD})


def _files(door: Door, pages: Pages) -> None:
    @door.question("/tablet.webmanifest", may={ANYONE})
    def get_manifest(call: Call) -> Answer:
        """What the tablet's page is called when it is installed, and that it then stands alone."""
        mark = pages.files.address("shared/icons/mark.svg")
        names = pages.words.catalogues[language_of_request()]
        told = {
            "name": names["title.tablet"],
            "short_name": names["title.tablet"],
            "id": "/tablet",
            "start_url": "/tablet",
            "scope": "/",
            "display": "standalone",
            "background_color": "#e8edeb",
            "theme_color": "#0c2e26",
            "icons": [{"src": mark, "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        }
        return Answer(200, json.dumps(told, ensure_ascii=False), content_type="application/manifest+json")

    @door.question("/away", may={ANYONE})
    def get_away(call: Call) -> Answer:
        """What a page shows when the server is away; the browser keeps it. The public's has every language."""
        if call.query.get("screen") != "public":
            return pages.page("away.html", language_of_request(), {"page": "away"}, said=[])
        words = [(each, pages.words.catalogues[each]) for each in LANGUAGES]
        said = [{"lang": each, "title": of["away.public"], "hint": of["away.public_hint"]} for each, of in words]
        return pages.page("away.html", LANGUAGES[0], {"page": "away"}, said=said)

    @door.question("/sw.js", may={ANYONE})
    def get_service_worker(_call: Call) -> Answer:
        """The service worker that keeps that page, told what belongs to it."""
        shown = ["/away?screen=public", *(f"/away?lang={each}" for each in LANGUAGES)]
        addresses = [*shown, *map(pages.files.address, _AWAY_FILES)]
        said = [text for words in pages.words.catalogues.values() for key, text in words.items() if key[:5] == "away."]
        kept = {"addresses": addresses, "name": sha256(repr([addresses, said]).encode()).hex()}
        body = f"self.kept = {json.dumps(kept)};\n{pages.files.text(_WORKER)}"
        return Answer(200, body, {"Content-Security-Policy": _WORKER_POLICY}, content_type="text/javascript")

    @door.question("/voice", may={ANYONE}, metered=False)
    def get_voice(_call: Call) -> Answer:
        """Where the clips of each language are, for a screen that is about to speak."""
        return Answer(200, json.dumps(voice_clips(pages.files)))

    @door.question("/static/{file}", may={ANYONE}, metered=False)
    def get_file(call: Call) -> Answer:
        """A browser file at its fingerprinted address."""
        return send_file(pages.files, "/static/" + call.path["file"])


def _trial_sign_ins(settings: Settings) -> list[dict[str, Any]] | None:
    """Everybody who may sign in to the trial, password and all; nobody outside it."""
    if not settings.demo:
        return None
    planned = plan()
    return [
        {
            "branch": branch,
            "staff_no": staff_no,
            "name": name,
            "roles": [role],
            "password": settings.demo_password,
            "opens": _WORKPLACE.get(role, "/"),
        }
        for branch, people in planned["staff"].items()
        for staff_no, name, role in people
        if staff_no not in planned["played"]
    ]


def chosen_language() -> str | None:
    """The language that the address asks for, if it does."""
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else None


def _other(language: str) -> str:
    return next(each for each in LANGUAGES if each != language)


def _me(call: Call) -> dict[str, Any] | None:
    who = call.actor
    if who == NOBODY or who.kind != "staff":
        return None
    return {"staff_no": who.number, "name": who.name, "roles": sorted(who.roles), "branch": who.branch_id}


def _branch(call: Call) -> dict[str, Any] | None:
    if not call.actor.branch_id:
        return None
    with call.house.database.read() as db:
        branch = branches.find_branch(db, call.actor.branch_id)
        if branch is None:
            raise NotFound("branch")
        return branch_seen(branch, queue_store.look_at_queue(db, branch.id)).model_dump()


def _all_branches(call: Call) -> list[dict[str, Any]]:
    with call.house.database.read() as db:
        return [{"code": each.id, "names": dict(each.names)} for each in branches.all_branches(db)]
