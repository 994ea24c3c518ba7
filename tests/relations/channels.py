"""The ways by which an agent's right is used: pages, forms, files, jobs, links, what a session has kept, and tokens.

Each says what it needs; a revocation says what it ends (test_revocation.py). A channel that needs what has ended must
be refused, every other one must go on.
"""

import datetime as dt
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from tests.bulk.story import csv_of
from tests.cast import actor_of
from tests.customers.story import consent_to, link_path
from tests.orders.story import Market, cart_of
from tests.relations.scene import Hand
from tests.relations.workers import Program
from toiya.audit.actions import AuditAction
from toiya.bulk.files import confirm_file, hand_in
from toiya.bulk.models import BulkFile, BulkKind, BulkRow, BulkRowState, BulkState
from toiya.bulk.outcome import secret_of
from toiya.bulk.secrets import encrypt
from toiya.bulk.work import work_on_files
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity
from toiya.customers.models import RelationshipInvitation, RelationshipSending
from toiya.customers.relationship_requests import Wish, invite_for_both
from toiya.customers.sending import remind, reminders_due
from toiya.directory.models import Family
from toiya.licences.models import Licence
from toiya.relations.models import Channel as Won
from toiya.subscriptions.digest import digests_due, send_digest
from toiya.subscriptions.models import RenewalDigest, Subscription

GRANT = frozenset({"session", "grant", "relation", "agent", "live"})
TOKEN = frozenset({"token", "program"})
OWN = frozenset({"secret", "program"})
SEEN = frozenset({"session", "relation", "role"})
SECRET = "once-only-7-{}"
VERSION = re.compile(r'name="version" value="(\d+)"')


@dataclass(frozen=True, slots=True)
class Channel:
    """``act`` answers whether it succeeded through the process. What ``prepare`` makes is there before the revocation;
    ``is_once`` marks what a success uses up. ``writes`` are the records of a success. A job runs in no web server.
    """

    name: str
    needs: frozenset[str]
    act: Callable[[Hand, int, Any], bool]
    prepare: Callable[[Hand], object] | None = None
    is_once: bool = False
    is_job: bool = False
    writes: tuple[AuditAction, ...] = ()
    only: Capacity | None = None


# ---------------------------------------------------------------- what is read
def users_page(hand: Hand, process: int, _made: object) -> bool:
    """A tab that is open, loaded again."""
    return hand.taro.user_name in hand.browser.get(process, f"{hand.customer}users/").text


def administration_page(hand: Hand, process: int, _made: object) -> bool:
    """The same people, by the grant alone."""
    path = reverse("partnerships:administer", args=[hand.scene.cast.aoba.pk])
    return hand.taro.user_name in hand.browser.get(process, path).text


def opened_row(hand: Hand, process: int, _made: object) -> bool:
    """Htmx opens a row of the list in place."""
    path = f"{reverse('customers:list')}?expand={hand.scene.cast.aoba.pk}"
    return "アオバ工業" in hand.browser.get(process, path, **{"HX-Request": "true"}).text


def search(hand: Hand, process: int, _made: object) -> bool:
    """Found by the reading of the name."""
    path = f"{reverse('customers:list')}?q=%E3%81%82%E3%81%8A%E3%81%B0"
    return "アオバ工業" in hand.browser.get(process, path).text


def csv_link(hand: Hand, process: int, _made: object) -> bool:
    """The address of a file that somebody kept."""
    return hand.taro.user_name in hand.browser.get(process, f"{hand.customer}users/export.csv").text


def xlsx_link(hand: Hand, process: int, _made: object) -> bool:
    """The same as a workbook."""
    return hand.browser.get(process, f"{hand.customer}users/export.xlsx").body.startswith(b"PK")


def calendar(hand: Hand, process: int, _made: object) -> bool:
    """The renewals as a calendar file."""
    return "BEGIN:VEVENT" in hand.browser.get(process, reverse("radar:export", args=["ics"])).text


# ---------------------------------------------------------------- what is sent
def _choice(hand: Hand, *, assign: bool) -> dict[str, object]:
    plans = ["mail", "files", "meetings"]
    return {f"wish-{hand.sku}": "assign" if assign else "revoke", f"plans-{hand.sku}": plans}


def licence_form(hand: Hand, process: int, _made: object) -> bool:
    """Taro gets a licence, or loses it, in turns."""
    path = f"{hand.customer}users/{hand.taro.pk}/licences/"
    return hand.browser.post(process, path, _choice(hand, assign=next(hand.turns))).went_through


def select(hand: Hand) -> None:
    """Taro is ticked; the session keeps that."""
    ticked = {"shown": [hand.taro.pk], "person": [hand.taro.pk], "go": "licences"}
    answer = hand.browser.post(hand.workers.pids[0], f"{hand.customer}users/select/", ticked)
    assert answer.went_through


def selection(hand: Hand, process: int, _made: object) -> bool:
    """The next step, with the selection that the session has kept."""
    answer = hand.browser.post(process, f"{hand.customer}users/licences/", _choice(hand, assign=True))
    return answer.status == 200 and hand.taro.name in answer.text


def version(hand: Hand) -> int:
    """The page with the form is open."""
    return Subscription.objects.get(pk=hand.scene.subscription.pk).version


def rename(hand: Hand, process: int, made: int | None) -> bool:
    """Commerce: the subscription gets another name. The form is opened now if it was not before.

    Who hears that somebody was quicker (412) had the right to be heard.
    """
    path = reverse("subscriptions:name", args=[hand.scene.subscription.pk])
    if made is None:
        shown = VERSION.search(hand.browser.get(process, path).text)
        made = int(shown[1]) if shown else 0
    form = {"friendly_name": hand.unused(), "version": made}
    answer = hand.browser.post(process, path, form)
    return answer.went_through or answer.status == 412


def fill_cart(hand: Hand) -> tuple[uuid.UUID, int]:
    """A cart that Kawase's agent has filled for Aoba."""
    cart = cart_of(Market(hand.scene.cast, hand.scene.shop), hand.side.agent, ("office", 10))
    cart.refresh_from_db()
    return cart.pk, cart.version


def checkout(hand: Hand, process: int, made: tuple[uuid.UUID, int]) -> bool:
    """The last step: the request goes to the provider."""
    form = {"cart": made[0], "version": made[1], "key": made[0], "note": ""}
    return hand.browser.post(process, f"{hand.customer}cart/checkout/", form).went_through


def walk_wizard(hand: Hand) -> None:
    """A new customer, up to the review; the session keeps what was typed."""
    domain = f"{hand.unused()}.example"
    typed = {
        "step": "details", "company": "コハク製作所", "reading": "こはくせいさくしょ", "latin_name": "Kohaku Works",
        "country": "JP", "segment": "commercial", "domain": domain, "name": "森 楓",
        "contact_email": f"kaede@{domain}", "user": "kaede", "language": "ja",
    }  # fmt: skip
    for form in (typed, {"step": "subscriptions"}):
        assert hand.browser.post(hand.workers.pids[0], reverse("customers:add"), form).went_through


def wizard(hand: Hand, process: int, _made: object) -> bool:
    """The last step of the wizard."""
    answer = hand.browser.post(process, reverse("customers:add"), {"step": "review"})
    return 'id="temporary-password"' in answer.text


# ---------------------------------------------------------------- what was begun before
def hand_in_file(hand: Hand) -> BulkFile:
    """A file that the worker has checked and the agent has confirmed; nothing of it is carried out yet."""
    actor, emi = actor_of(hand.side.agent), hand.scene.cast.emi
    act = "revoke" if Licence.objects.filter(person=emi).exists() else "assign"
    rows = csv_of(("user_name", "product", "action"), (emi.user_name, "office/standard", act))
    file = hand_in(actor, kind=BulkKind.LICENCES, name="x.csv", content=rows, customer_domain="aoba.example")
    work_on_files()
    file.refresh_from_db()
    return confirm_file(actor, file=file, version=file.version)


def file_worked(_hand: Hand, _process: int, made: BulkFile) -> bool:
    """The worker comes to it."""
    while work_on_files():
        pass
    return set(made.rows.values_list("state", flat=True)) == {BulkRowState.DONE}


def keep_passwords(hand: Hand) -> BulkFile:
    """A file has added a user to the customer; the temporary password waits to be downloaded."""
    file = BulkFile.objects.create(
        tenant=hand.side.tenant, customer=hand.scene.cast.aoba, kind=BulkKind.USERS, name="users.csv",
        encoding="utf-8", state=BulkState.DONE, uploaded_by=hand.side.agent, created_at=real_now(),
        confirmed_at=real_now(), second_factor_at=real_now(), row_count=1, done_count=1,
    )  # fmt: skip
    secret = secret_of("Taro", hand.taro.user_name, SECRET.format(file.pk))
    BulkRow.objects.create(
        tenant=file.tenant, file=file, line=2, state=BulkRowState.DONE, encrypted_secret=encrypt(secret)
    )
    return file


def passwords(hand: Hand, process: int, made: BulkFile) -> bool:
    """They are downloaded."""
    answer = hand.browser.post(process, reverse("bulk:passwords", args=[made.pk]))
    return SECRET.format(made.pk) in answer.text


def no_digest(hand: Hand) -> None:
    """The mail of this week is still to be sent."""
    RenewalDigest.objects.filter(person=hand.side.agent).delete()


def digest(hand: Hand, _process: int, _made: object) -> bool:
    """The worker writes the weekly mail about renewals."""
    agent = hand.side.agent.pk
    return agent in digests_due(hand.scene.cast.family) and send_digest(agent)


def invite(hand: Hand) -> tuple[Any, str, dict[str, object]]:
    """The agent has asked Momiji for both partners; Momiji's administrator has the page open."""
    wish = Wish(language="ja", channel=Won.OWN_MARKETING, grant_days=30, valid_days=30, roles={})
    made = invite_for_both(actor_of(hand.side.agent), partnership=hand.scene.partnership, wish=wish)
    return hand.sign_in(hand.scene.moe), link_path(made), consent_to(made)


def invitation(_hand: Hand, process: int, made: tuple[Any, str, dict[str, object]]) -> bool:
    """The customer accepts what the agent once asked."""
    moe, path, consent = made
    return bool(moe.post(process, path, consent).went_through)


def mail_invitation(hand: Hand) -> RelationshipInvitation:
    """The system mailed what the agent asked, four days ago; it ends within a week."""
    wish = Wish(
        language="ja", channel=Won.OWN_MARKETING, grant_days=30, valid_days=5, email="info@momiji.example"
    )
    made = invite_for_both(actor_of(hand.side.agent), partnership=hand.scene.partnership, wish=wish)
    at = made.created_at - dt.timedelta(days=4)
    RelationshipSending.objects.create(
        tenant=made.tenant, invitation=made, mail_id=uuid.uuid4(), to=made.email, at=at
    )
    return made


def reminder(_hand: Hand, _process: int, made: RelationshipInvitation) -> bool:
    """The worker reminds the customer in the agent's name."""
    return made in reminders_due(Family.objects.get()) and remind(made) is not None


# ---------------------------------------------------------------- by a program with a token
def users_by_token(hand: Hand, process: int, _made: object) -> bool:
    """The customer's users, in the agent's name."""
    return hand.taro.user_name in hand.program.ask(process, "GET", f"{hand.resource}/users").text


def licence_by_token(hand: Hand, process: int, _made: object) -> bool:
    """Taro gets a licence, or loses it, in turns; who hears that somebody was quicker had the right to be heard."""
    sku = str(hand.sku)
    body = {"licensesToAssign": [{"skuId": sku}]} if next(hand.turns) else {"licensesToRemove": [sku]}
    path = f"{hand.resource}/users/{hand.taro.pk}/licenseupdates"
    return hand.program.ask(process, "POST", path, body).status in {201, 400, 409}


def customer_by_token(hand: Hand, process: int, _made: object) -> bool:
    """The customer itself, in the agent's name."""
    return "aoba.example" in hand.program.ask(process, "GET", hand.resource).text


def rename_by_token(hand: Hand, process: int, _made: object) -> bool:
    """The subscription gets another name, in the agent's name."""
    return _renamed(hand, hand.program, process)


def customer_by_program(hand: Hand, process: int, _made: object) -> bool:
    """The customer itself, by the program alone."""
    return "aoba.example" in hand.own_program.ask(process, "GET", hand.resource).text


def rename_by_program(hand: Hand, process: int, _made: object) -> bool:
    """The subscription gets another name, by the program alone."""
    return _renamed(hand, hand.own_program, process)


def _renamed(hand: Hand, program: Program, process: int) -> bool:
    path = f"{hand.resource}/subscriptions/{hand.scene.subscription.pk}"
    return program.ask(process, "PATCH", path, {"friendlyName": hand.unused()}).status == 200


SEATS = (AuditAction.ASSIGN_LICENSE, AuditAction.UPDATE_LICENSE, AuditAction.REVOKE_LICENSE)
CHANNELS = (
    Channel("open page", GRANT, users_page),
    Channel("page of the grant", GRANT - {"relation"}, administration_page),
    Channel("htmx part of a page", SEEN, opened_row),
    Channel("search", SEEN, search),
    Channel("CSV link", GRANT, csv_link),
    Channel("XLSX link", GRANT, xlsx_link),
    Channel("calendar", SEEN, calendar),
    Channel("form of a right", GRANT, licence_form, writes=SEATS),
    Channel("selection in the session", GRANT, selection, select, writes=SEATS),
    Channel(
        "form of commerce",
        frozenset({"session", "relation", "sell", "partnership"}),
        rename,
        version,
        writes=(AuditAction.UPDATE_SUBSCRIPTION,),
    ),
    Channel(
        "cart filled before",
        frozenset({"session", "relation", "sell", "partnership", "live"}),
        checkout,
        fill_cart,
        is_once=True,
        writes=(AuditAction.CREATE_ORDER_REQUEST,),
        only=Capacity.RESELLER,
    ),
    Channel(
        "step of a wizard",
        frozenset({"session", "sell", "live"}),
        wizard,
        walk_wizard,
        is_once=True,
        writes=(AuditAction.ADD_CUSTOMER, AuditAction.CREATE_TENANT),
        only=Capacity.PROVIDER,
    ),
    Channel(
        "file handed in before",
        GRANT - {"session", "relation"} | {"person"},
        file_worked,
        hand_in_file,
        is_once=True,
        is_job=True,
        writes=SEATS,
    ),
    Channel(
        "passwords kept for download",
        GRANT - {"relation"},
        passwords,
        keep_passwords,
        is_once=True,
        writes=(AuditAction.DOWNLOAD_PASSWORDS,),
    ),
    Channel(
        "weekly mail", frozenset({"person", "relation", "role"}), digest, no_digest, is_once=True, is_job=True
    ),
    Channel(
        "reminder of an invitation",
        frozenset({"person", "agent", "live", "partnership"}),
        reminder,
        mail_invitation,
        is_once=True,
        is_job=True,
    ),
    Channel(
        "invitation sent before",
        frozenset({"person", "agent", "live", "partnership"}),
        invitation,
        invite,
        is_once=True,
        writes=(AuditAction.CREATE_RESELLER_RELATIONSHIP, AuditAction.ACCEPT_RELATIONSHIP_INVITATION),
    ),
    Channel("users by token", TOKEN | GRANT - {"session"}, users_by_token),
    Channel("licence by token", TOKEN | GRANT - {"session"}, licence_by_token, writes=SEATS),
    Channel("customer by token", TOKEN | {"relation", "role"}, customer_by_token),
    Channel(
        "commerce by token",
        TOKEN | {"relation", "sell", "partnership"},
        rename_by_token,
        writes=(AuditAction.UPDATE_SUBSCRIPTION,),
    ),
    Channel("customer by program alone", OWN | {"relation", "own roles"}, customer_by_program),
    Channel(
        "commerce by program alone",
        OWN | {"relation", "partnership", "own roles"},
        rename_by_program,
        writes=(AuditAction.UPDATE_SUBSCRIPTION,),
    ),
)
