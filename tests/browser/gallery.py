"""Every page that a route shows, with somebody who may see it: the list comes from the access table."""

from dataclasses import dataclass
from http import HTTPStatus

from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from tests.access.policy import KIND
from tests.access.world import ALL, Persona, World
from tests.cast import PASSWORD, browser_of, hire, stranger
from toiya.directory.models import Person
from toiya.enrolment.models import Application, State
from toiya.membership.models import Holding, HoldingKind, MembershipLogin, OrganizationProfile
from toiya.membership.sign_in import sign_in
from toiya.web.access import ACCESS
from toiya.web.enrolment.start import NEW_USER_NAME
from toiya.web.membership.sessions import COOKIE, USER_NAME

# Routes that answer GET with something else than a page of their own.
NO_PAGE = {
    "activity:export": "a file",
    "applications:authorize": "shows a page only with a program's question (tests/tokens)",
    "applications:authorize_v1": "shows a page only with a program's question (tests/tokens)",
    "public:agreement_document": "opened by the link that a program is handed (tests/api)",
    "sandbox:move": "shows a page only with the moment that its form asks for (tests/sandbox)",
    "operator:activity_export": "a file",
    "organization:activity_export": "a file",
    "billing:export": "a file",
    "billing:lines": "a file",
    "operator:invoices_export": "a file",
    "operator:invoices_lines": "a file",
    "catalogue:browse_export": "a file",
    "catalogue:export": "a file",
    "customers:export": "a file",
    "customers:export_invitations": "a file",
    "devices:export": "a file",
    "fulfilment:export": "a file",
    "customers:invitation_continue": "leads on to the invitation",
    "enrolment:confirm": "leads back to the link's page",
    "enrolment:deny": "leads back to the link's page",
    "healthz": "for machines",
    "licences:holders_export": "a file",
    "licences:own_holders_export": "a file",
    "licences:own_pools_export": "a file",
    "licences:own_users_export": "a file",
    "licences:pools_export": "a file",
    "licences:users_export": "a file",
    "sandbox:mail_html": "the mail as it was sent; no page of the site",
    "mailbox:html": "the mail as it was sent; no page of the site",
    "metrics": "for machines",
    "orders:checkout": "leads to the cart while that is empty",
    "orders:export": "a file",
    "orders:export_requests": "a file",
    "orders:line": "leads to the catalogue until an offer is named",
    "operator:orders_export": "a file",
    "organization:orders_export": "a file",
    "partnerships:accept": "leads on to the invitation",
    "partnerships:decline": "leads on to the invitation",
    "partnerships:export_resellers": "a file",
    "organization:renewals_export": "a file",
    "bulk:failures": "a file",
    "bulk:template": "a file",
    "radar:export": "a file",
    "pricing:export_list": "a file",
    "pricing:export_rules": "a file",
    "pricing:our_prices_export": "a file",
    "pricing:price_list_export": "a file",
    "readyz": "for machines",
    "subscriptions:export": "a file",
    **dict.fromkeys(
        ("tokens:discovery", "tokens:discovery_v1", "tokens:instance", "tokens:keys", "tokens:keys_v1"),
        "for machines",
    ),
    "tokens:user_realm": "for machines",
    "webhooks:certificate": "a file",
    "webhooks:log_export": "a file",
}
STEPS = ("account_", "mfa_", "enrolment:", "membership:")  # what somebody half way sees
FIRST = ("kai", "mei", "emi", "ren", "anonymous")


@dataclass(frozen=True)
class Page:
    """An address, and the cookies of somebody who may open it."""

    route: str
    path: str
    cookies: dict[str, str]


def pages_of(world: World) -> list[Page]:
    """One page for each route. Raises LookupError for a route that nobody could open."""
    half_way, others = _visitors(world)
    routes = [route for route in sorted(ACCESS) if "GET" in ACCESS[route] and route not in NO_PAGE]
    found = {
        route: _page(world, [*half_way, *others] if route.startswith(STEPS) else [*others, *half_way], route)
        for route in routes
    }
    missing = [route for route, page in found.items() if page is None]
    if missing:
        raise LookupError(f"nobody opened {missing}: let somebody, or say in NO_PAGE why there is no page")
    return [page for page in found.values() if page is not None]


def _page(world: World, visitors: list[Client], route: str) -> Page | None:
    for kwargs, _seen_by in world.objects[KIND[route]].values() if route in KIND else [({}, ALL)]:
        path = reverse(route, kwargs=dict(kwargs))
        for browser in visitors:
            answer = browser.get(path)
            if answer.status_code == HTTPStatus.OK and answer.headers["Content-Type"].startswith("text/html"):
                return Page(route, path, {name: morsel.value for name, morsel in browser.cookies.items()})
    return None


def _visitors(world: World) -> tuple[list[Client], list[Client]]:
    """Those in the middle of something, and the personas, those with most to see first."""
    by_name = {persona.name: persona for persona in world.personas}
    ordered = [*FIRST, *(name for name in by_name if name not in FIRST)]
    return _in_the_middle(by_name), [by_name[name].browser for name in ordered]


def _in_the_middle(personas: dict[str, Persona]) -> list[Client]:
    """People who have gone half way: through the sign-in, through the enrolment."""
    hat, tsu, jun, emi = (_person(personas[name]) for name in ("hat", "tsu", "jun", "emi"))
    applicant = personas["hat"].browser
    profiles = [
        _profile("7104221", "ハト通信株式会社", hat.tenant.country_id),
        _profile("7104222", "Hato America", "US"),
    ]
    login = MembershipLogin.objects.create(
        user_name="hato.member", password=make_password(PASSWORD), name="羽田 翼"
    )
    login.profiles.add(*profiles)
    Application.objects.filter(tenant=hat.tenant).update(profile=profiles[0])
    applicant.cookies[COOKIE] = sign_in(user_name=login.user_name, password=PASSWORD)
    _remember(applicant, {USER_NAME: login.user_name, NEW_USER_NAME: hat.user_name})

    Application.objects.filter(tenant=tsu.tenant).update(
        state=State.EMAIL_PENDING, profile=_profile("7104223", "ツル技研", "JP")
    )
    held = _profile("7104224", "ミドリ流通", "JP")
    held.owner = jun.tenant
    held.save()
    half_way = stranger()
    half_way.post(reverse("account_login"), {"login": emi.user_name, "password": PASSWORD})
    without_factor = browser_of(hire(emi.tenant, "Neu"), second_factor=False)
    return [applicant, personas["tsu"].browser, personas["jun"].browser, half_way, without_factor]


def _person(persona: Persona) -> Person:
    assert persona.person is not None
    return persona.person


def _remember(browser: Client, values: dict[str, str]) -> None:
    session = browser.session
    session.update(values)
    session.save()


def _profile(membership_id: str, name: str, country: str) -> OrganizationProfile:
    made = OrganizationProfile.objects.create(membership_id=membership_id, name=name, country_id=country)
    Holding.objects.create(
        profile=made, kind=HoldingKind.BENEFIT, name_ja="社内利用ライセンス", name_en="Licences for own use"
    )
    return made
