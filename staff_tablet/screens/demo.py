"""The trial's own pages: a wallet with a customer's living code, and ways in without a code by hand."""

from __future__ import annotations

from lobby_server.admin.credential import living_code
from lobby_server.branch.actions import MakeCode, make_enrolment_code
from lobby_server.customers import store as customers
from lobby_server.doors.pages import LANGUAGES, Pages, language_of_request
from lobby_server.doors.reading import Wire
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ANYONE
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import NotFound
from lobby_server.kernel.privacy import mask_name
from staff_tablet.screens.ticket import svg_of

BRANCH = "0001"
CUSTOMERS_SHOWN = 8


class DemoCustomer(Wire):
    """Somebody whom the trial can play."""

    customer_no: str
    masked_name: str
    tier: str
    note: str | None


class DemoCode(Wire):
    """Their living code."""

    customer_no: str
    tier: str
    text: str
    expires_in_s: int


def demo_door(pages: Pages) -> Door:
    """Mounted by the demo only."""
    door = Door("demo", prefix="/demo")

    @door.question("/wallet", may={ANYONE})
    def get_wallet(call: Call) -> Answer:
        """A customer's phone with a code that renews itself."""
        language = language_of_request()
        bank = {"names": dict(call.house.settings.bank_names)}
        page = {"page": "wallet", "demo": True, "csrf": None, "me": None, "branch": None, "bank": bank}
        other = next(each for each in LANGUAGES if each != language)
        return pages.page("wallet.html", language, page, other_language=other)

    @door.question("/customers", may={ANYONE})
    def get_demo_customers(call: Call) -> Answer:
        """The customers to choose from, each tier and need once."""
        shown = []
        with call.house.database.read() as db:
            for ordinal in range(1001, 1001 + CUSTOMERS_SHOWN):
                found = customers.find_by_number(db, call.house.keys, f"C{ordinal}")
                if found is not None:
                    note = found.tags[0].name if found.tags else None
                    shown.append(
                        DemoCustomer(
                            customer_no=found.customer_no, masked_name=mask_name(found.name), tier=found.tier, note=note
                        )
                    )
        return Answer(200, "[" + ",".join(each.model_dump_json() for each in shown) + "]")

    @door.question("/credential", may={ANYONE})
    def get_demo_credential(call: Call) -> DemoCode:
        """A living code as text."""
        made = living_code(call.house, BRANCH, customer_no=_number(call))
        return DemoCode(customer_no=made.customer_no, tier=made.tier, text=made.text, expires_in_s=made.expires_in_s)

    @door.question("/qr.svg", may={ANYONE})
    def get_demo_qr(call: Call) -> Answer:
        """A living code as a picture."""
        made = living_code(call.house, BRANCH, customer_no=_number(call))
        return Answer(200, svg_of(made.text), content_type="image/svg+xml")

    @door.question("/enrol/{kind}", may={ANYONE})
    def get_demo_enrol(call: Call) -> Answer:
        """Open a kiosk or wall display that lets itself in."""
        kind = call.path["kind"]
        if kind not in ("kiosk", "wall"):
            raise NotFound("kind")
        code = call.house.works.run(make_enrolment_code, MakeCode(BRANCH, kind), system(BRANCH))
        return Answer(303, headers={"Location": f"/{kind}#enrol={code}"})

    return door


def _number(call: Call) -> str:
    number = call.query.get("customer_no")
    if not number:
        raise NotFound("customer")
    return number
