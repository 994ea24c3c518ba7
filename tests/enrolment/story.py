"""A company that enrols: ツクモ電子 with Hana (global administrator) and its membership login."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.test import Client

from tests.cast import PASSWORD, Cast, browser_of, found, hire, stranger
from toiya.core.links import Purpose, link_token
from toiya.core.permissions import Role
from toiya.directory.models import Person, Tenant
from toiya.enrolment.models import Application, ContactVerification
from toiya.enrolment.verification import LINK_VERSION
from toiya.mail.models import OutgoingMail
from toiya.membership.models import Holding, HoldingKind, MembershipLogin, OrganizationProfile

WIZARD = "/dashboard/enrolment/"
LEGAL = {
    "legal_name": "ツクモ電子株式会社",
    "reading": "つくもでんし",
    "latin_name": "Tsukumo Electronics",
    "postal_code": "100-0005",
    "region": "東京都",
    "city": "千代田区",
    "street": "丸の内 1-2-3",
}
CONTACT = {
    "contact_name": "九十九 花",
    "contact_email": "hana@tsukumo.example",
    "contact_phone": "03-1234-5678",
    "contact_language": "ja",
}
SUPPORT = {
    "support_website": "https://support.tsukumo.example/",
    "support_email": "help@tsukumo.example",
    "support_phone": "03-1234-5679",
}


@dataclass(frozen=True)
class Newcomer:
    """The company, its administrator, and what it has on the membership site."""

    cast: Cast
    tenant: Tenant
    hana: Person
    login: MembershipLogin
    active: OrganizationProfile
    inactive: OrganizationProfile
    american: OrganizationProfile

    @property
    def application(self) -> Application:
        return Application.objects.filter(tenant=self.tenant).latest("created_at")


def membership(user_name: str, *profiles: OrganizationProfile) -> MembershipLogin:
    """A login of the membership site that administers these profiles."""
    login = MembershipLogin.objects.create(
        user_name=user_name, password=make_password(PASSWORD), name="ツクモ会員係"
    )
    login.profiles.add(*profiles)
    return login


def profile(
    membership_id: str, name: str, *, country: str = "JP", inactive_since: dt.date | None = None
) -> OrganizationProfile:
    """An organisation profile with one holding of each kind."""
    made = OrganizationProfile.objects.create(
        membership_id=membership_id,
        name=name,
        country_id=country,
        inactive_since=inactive_since,
        postal_code="1000005",
        region="東京都",
        city="千代田区",
        street="丸の内 1-1-1",
        phone="03-1234-5678",
    )
    for kind in HoldingKind:
        Holding.objects.create(
            profile=made,
            kind=kind,
            name_ja=f"{kind.label} {membership_id}",
            name_en=f"{kind} {membership_id}",
        )
    return made


def arrive(cast: Cast) -> Newcomer:
    """The company is there and has not begun to enrol."""
    tenant = found(cast.family, "ツクモ電子", "tsukumo.example", reading="つくもでんし")
    active = profile("4100001", "ツクモ電子株式会社")
    inactive = profile("4100002", "ツクモ電子 大阪", inactive_since=dt.date(2025, 3, 31))
    american = profile("4100003", "Tsukumo America", country="US")
    return Newcomer(
        cast=cast,
        tenant=tenant,
        hana=hire(tenant, "Hana", Role.GLOBAL_ADMIN),
        login=membership("tsukumo-member", active, inactive, american),
        active=active,
        inactive=inactive,
        american=american,
    )


def to_the_profiles(browser: Client, user_name: str = "tsukumo-member", password: str = PASSWORD) -> Any:  # noqa: ANN401  (the test client's answers have a private type)
    """From the explanation to the list of organisation profiles."""
    browser.post(f"{WIZARD}membership/")
    browser.post(f"{WIZARD}membership/user-name/", {"user_name": user_name})
    return browser.post(f"{WIZARD}membership/password/", {"password": password}, follow=True)


def fill(browser: Client, newcomer: Newcomer, **changes: str) -> None:
    """Every page up to the review."""
    to_the_profiles(browser)
    browser.post(f"{WIZARD}organization/", {"profile": str(newcomer.active.pk)})
    for page, answers in (("legal-profile", LEGAL), ("contact", CONTACT), ("support", SUPPORT)):
        browser.post(f"{WIZARD}{page}/", {**answers, **{k: v for k, v in changes.items() if k in answers}})


def enrol_now(browser: Client, newcomer: Newcomer, **changes: str) -> Any:  # noqa: ANN401  (the test client's answers have a private type)
    """[今すぐ登録する], with the agreement accepted."""
    sent = {
        "agree": "on",
        "agreement_version": "1",
        "seen_version": str(newcomer.application.version),
        **changes,
    }
    return browser.post(f"{WIZARD}review/", sent, follow=True)


def submitted(newcomer: Newcomer, **changes: str) -> Client:
    """The application has been submitted; the browser it was done in."""
    browser = browser_of(newcomer.hana)
    fill(browser, newcomer, **changes)
    enrol_now(browser, newcomer)
    return browser


def mailed_link(newcomer: Newcomer) -> str:
    """The link in the latest mail to the primary contact, as only its reader knows it."""
    verification = ContactVerification.objects.filter(tenant=newcomer.tenant).latest("sent_at")
    return f"/verify/contact/{link_token(Purpose.CONTACT_VERIFICATION, verification.pk, LINK_VERSION)}/"


def confirmed(newcomer: Newcomer, **changes: str) -> Client:
    """Submitted, and confirmed by the primary contact."""
    browser = submitted(newcomer, **changes)
    stranger().post(f"{mailed_link(newcomer)}confirm/")
    return browser


def mails(newcomer: Newcomer, message: str) -> list[OutgoingMail]:
    """The posted mails of one kind about this application."""
    posted = OutgoingMail.objects.filter(subject_id=newcomer.application.pk, message=f"enrolment/{message}")
    return list(posted.order_by("posted_at"))
