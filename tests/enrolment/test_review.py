"""The operator's review: use case by use case, and what the company sees of it."""

import html
from typing import Any

import pytest
from django.test import Client

from tests.cast import actor_of, browser_of, found, hire, stranger
from tests.enrolment.story import (
    CONTACT,
    LEGAL,
    WIZARD,
    Newcomer,
    confirmed,
    enrol_now,
    mailed_link,
    mails,
    submitted,
)
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.errors import Refusal, RoleMissing
from toiya.core.permissions import Capacity, Role
from toiya.directory.actors import bystander_for
from toiya.directory.tenants import hold_role, vet
from toiya.enrolment.errors import (
    ChecksMissing,
    ContactNotVerified,
    OwnApplication,
    ReasonMissing,
    StateChanged,
)
from toiya.enrolment.models import Application, Check, CheckKind, State
from toiya.enrolment.review import (
    approve_application,
    checks_in_force,
    record_check,
    reject_application,
    request_information,
)
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.membership.errors import ProfileTaken
from toiya.membership.models import OrganizationProfile
from toiya.membership.profiles import move_profile
from toiya.programme.models import Programme
from toiya.relations.models import OlderRelationship, Origin, ResellerRelationship


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


def check(newcomer: Newcomer, *kinds: CheckKind, passed: bool = True) -> None:
    """Ren decides these checks (both, when none is named)."""
    ren = actor_of(newcomer.cast.ren)
    for kind in kinds or CheckKind:
        record_check(ren, application=newcomer.application, kind=kind, passed=passed, evidence="登記簿を確認")


def approve(newcomer: Newcomer) -> Client:
    """Confirmed, checked and approved; the applicant's browser."""
    browser = confirmed(newcomer)
    check(newcomer)
    approve_application(actor_of(newcomer.cast.ren), application=newcomer.application, note="")
    return browser


@pytest.mark.requirement("S-042")
def test_nothing_is_reviewed_before_the_contact_confirmed(newcomer: Newcomer) -> None:
    submitted(newcomer)
    ren = actor_of(newcomer.cast.ren)

    for denied in (False, True):
        if denied:
            stranger().post(f"{mailed_link(newcomer)}deny/")
        with pytest.raises(ContactNotVerified, match=r"has not confirmed hana@tsukumo\.example"):
            check(newcomer)
        with pytest.raises(ContactNotVerified):
            approve_application(ren, application=newcomer.application, note="")

    assert newcomer.application.state == State.EMAIL_PENDING
    assert not newcomer.tenant.tenant_capacities.exists()


@pytest.mark.requirement("S-018")
@pytest.mark.parametrize("missing", list(CheckKind))
def test_both_checks_must_have_passed(newcomer: Newcomer, missing: CheckKind) -> None:
    confirmed(newcomer)
    ren = actor_of(newcomer.cast.ren)
    check(newcomer, *(kind for kind in CheckKind if kind != missing))

    with pytest.raises(ChecksMissing) as refusal:
        approve_application(ren, application=newcomer.application, note="")
    check(newcomer, missing, passed=False)
    with pytest.raises(ChecksMissing):
        approve_application(ren, application=newcomer.application, note="")

    assert str(missing.label) in str(refusal.value)
    assert {(row.evidence, row.reviewer_id) for row in Check.objects.all()} == {
        ("登記簿を確認", newcomer.cast.ren.pk)
    }
    assert newcomer.application.state == State.UNDER_REVIEW


@pytest.mark.requirement("S-020", "S-032", "S-016")
def test_approval_opens_the_dashboard_and_moves_the_profile(newcomer: Newcomer) -> None:
    browser = approve(newcomer)

    newcomer.active.refresh_from_db()
    status = text_of(browser.get(f"{WIZARD}status/"))
    completion = [mail for kind in ("approved", "rejected") for mail in mails(newcomer, kind)]

    assert newcomer.active.owner == newcomer.tenant
    assert [mail.to for mail in completion] == [CONTACT["contact_email"]]
    assert newcomer.tenant.tenant_capacities.get().capacity == Capacity.RESELLER
    assert newcomer.hana.roles == {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT}
    assert newcomer.tenant.partner_profile.legal_name == LEGAL["legal_name"]
    assert "4100001" in status
    assert "benefit 4100001" in status
    assert (
        AuditRecord.objects.filter(
            action=AuditAction.APPROVE_ENROLLMENT, tenant_id=newcomer.tenant.pk
        ).count()
        == 1
    )


def test_a_chosen_agent_role_is_kept(newcomer: Newcomer) -> None:
    confirmed(newcomer)
    hold_role(newcomer.hana, Role.SALES_AGENT, bystander_for(newcomer.tenant, kind="test"))
    check(newcomer)

    approve_application(actor_of(newcomer.cast.ren), application=newcomer.application, note="")

    newcomer.hana.refresh_from_db()
    assert newcomer.hana.roles == {Role.GLOBAL_ADMIN, Role.SALES_AGENT}


@pytest.mark.requirement("S-032")
def test_a_profile_that_went_to_another_account_meanwhile_refuses_everything(newcomer: Newcomer) -> None:
    confirmed(newcomer)
    check(newcomer)
    newcomer.active.owner = newcomer.cast.yamabuki
    newcomer.active.save()

    with pytest.raises(ProfileTaken):
        approve_application(actor_of(newcomer.cast.ren), application=newcomer.application, note="")

    assert newcomer.application.state == State.UNDER_REVIEW
    assert not mails(newcomer, "approved")
    assert not newcomer.tenant.tenant_capacities.exists()


def test_of_two_approvals_at_one_moment_the_second_finds_the_profile_gone(newcomer: Newcomer) -> None:
    read_before = OrganizationProfile.objects.get(pk=newcomer.active.pk)
    move_profile(newcomer.active, newcomer.cast.yamabuki)

    with pytest.raises(ProfileTaken):
        move_profile(read_before, newcomer.tenant)

    assert OrganizationProfile.objects.get(pk=newcomer.active.pk).owner == newcomer.cast.yamabuki


def test_an_application_is_decided_once(newcomer: Newcomer) -> None:
    approve(newcomer)
    ren = actor_of(newcomer.cast.ren)

    with pytest.raises(StateChanged):
        approve_application(ren, application=newcomer.application, note="")
    with pytest.raises(StateChanged):
        reject_application(ren, application=newcomer.application, reason="やはり")

    assert len(mails(newcomer, "approved")) == 1


@pytest.mark.requirement("S-020")
def test_a_rejection_tells_the_reason_and_may_be_tried_again(newcomer: Newcomer) -> None:
    browser = confirmed(newcomer)

    with pytest.raises(ReasonMissing):
        reject_application(actor_of(newcomer.cast.ren), application=newcomer.application, reason="  ")
    reject_application(
        actor_of(newcomer.cast.ren), application=newcomer.application, reason="登記が見つかりません。"
    )
    status = text_of(browser.get(f"{WIZARD}status/"))
    reasons = [mail.context["reason"] for mail in mails(newcomer, "rejected")]
    browser.post(f"{WIZARD}membership/")

    assert "登記が見つかりません。" in status
    assert reasons == ["登記が見つかりません。"]
    assert newcomer.application.state == State.DRAFT
    assert not newcomer.tenant.tenant_capacities.exists()


def test_more_information_returns_the_form_and_voids_the_checks(newcomer: Newcomer) -> None:
    browser = confirmed(newcomer)
    check(newcomer)
    ren = actor_of(newcomer.cast.ren)

    request_information(ren, application=newcomer.application, question="登記上の住所を教えてください。")
    page = text_of(browser.get(f"{WIZARD}legal-profile/"))
    browser.post(f"{WIZARD}legal-profile/", {**LEGAL, "street": "丸の内 9-9-9"})
    enrol_now(browser, newcomer)

    application = newcomer.application
    assert "登記上の住所を教えてください。" in page
    assert application.state == State.UNDER_REVIEW
    assert [row.content["street"] for row in application.submissions.order_by("number")] == [
        LEGAL["street"],
        "丸の内 9-9-9",
    ]
    assert list(checks_in_force(application)) == []
    with pytest.raises(ChecksMissing):
        approve_application(ren, application=application, note="")


def test_after_a_denial_the_operator_may_give_the_form_back(newcomer: Newcomer) -> None:
    browser = submitted(newcomer)
    stranger().post(f"{mailed_link(newcomer)}deny/")

    request_information(
        actor_of(newcomer.cast.ren), application=newcomer.application, question="担当者を確認してください。"
    )
    browser.post(f"{WIZARD}contact/", {**CONTACT, "contact_email": "miwa@tsukumo.example"})
    enrol_now(browser, newcomer)

    assert newcomer.application.state == State.EMAIL_PENDING
    assert [mail.to for mail in mails(newcomer, "verify_contact")] == [
        CONTACT["contact_email"],
        "miwa@tsukumo.example",
    ]


def test_nobody_reviews_the_own_organization_or_without_the_role(newcomer: Newcomer) -> None:
    confirmed(newcomer)
    check(newcomer)
    vet(newcomer.tenant, Capacity.OPERATOR, bystander_for(newcomer.tenant, kind="test"))

    with pytest.raises(OwnApplication):
        approve_application(actor_of(newcomer.hana), application=newcomer.application, note="")
    for person in (
        newcomer.cast.mei,
        newcomer.cast.kai,
        hire(newcomer.cast.operator, "Toru", Role.BILLING_ADMIN),
    ):
        with pytest.raises(RoleMissing if not person.roles & {Role.GLOBAL_ADMIN} else Refusal):
            approve_application(actor_of(person), application=newcomer.application, note="")

    assert newcomer.application.state == State.UNDER_REVIEW


def test_the_queue_shows_what_was_submitted_and_nothing_to_outsiders(newcomer: Newcomer) -> None:
    browser_of(newcomer.hana).post(f"{WIZARD}membership/")
    drafts = Application.objects.visible_to(actor_of(newcomer.cast.ren)).count()

    submitted(newcomer)

    seen = {
        name: Application.objects.visible_to(actor_of(getattr(newcomer.cast, name))).count()
        for name in ("ren", "aki", "mei", "kai")
    }
    assert drafts == 0
    assert seen == {"ren": 1, "aki": 1, "mei": 0, "kai": 0}


@pytest.mark.requirement("S-079", "S-082")
def test_recorded_customers_are_imported_once_with_their_origin(newcomer: Newcomer) -> None:
    cast, tenant = newcomer.cast, newcomer.tenant
    unrecorded = found(cast.family, "記録のない顧客", "unrecorded.example")
    for portal in ("Office ポータル", "Azure ポータル"):
        OlderRelationship.objects.create(
            partner=tenant, customer=cast.aoba, portal=portal, since="2019-04-01"
        )
    OlderRelationship.objects.create(
        partner=tenant, customer=cast.yamabuki, portal="Office ポータル", since="2020-01-01"
    )
    OlderRelationship.objects.create(
        partner=cast.kawase, customer=unrecorded, portal="Office ポータル", since="2020-01-01"
    )

    browser = approve(newcomer)
    customers = text_of(browser.get("/dashboard/customers/"))
    status = text_of(browser.get(f"{WIZARD}status/"))

    relationship = ResellerRelationship.objects.get()
    assert (relationship.partner, relationship.customer) == (tenant, cast.aoba)
    assert (relationship.origin, relationship.origin_note) == (
        Origin.OLDER_PORTAL,
        "Azure ポータル, Office ポータル",
    )
    assert "アオバ工業" in customers
    assert "記録のない顧客" not in customers
    assert "Older portal: Azure ポータル, Office ポータル" in " ".join(status.split())
    assert OlderRelationship.objects.filter(imported_at__isnull=True).count() == 2
    assert AuditRecord.objects.filter(action=AuditAction.IMPORT_RESELLER_RELATIONSHIP).count() == 1


@pytest.mark.requirement("S-043")
def test_each_status_change_sends_one_mail_and_is_listed(newcomer: Newcomer) -> None:
    browser = confirmed(newcomer)
    ren = actor_of(newcomer.cast.ren)
    request_information(ren, application=newcomer.application, question="?")
    enrol_now(browser, newcomer)
    check(newcomer)
    approve_application(ren, application=newcomer.application, note="")

    page = text_of(browser.get(f"{WIZARD}status/"))
    sent = {
        kind: len(mails(newcomer, kind))
        for kind in ("received", "email_verified", "more_information", "approved")
    }

    assert sent == {"received": 2, "email_verified": 1, "more_information": 1, "approved": 1}
    assert newcomer.application.status_changes.filter(mailed_to=CONTACT["contact_email"]).count() == 5
    assert page.count(f"Mail to {CONTACT['contact_email']}") == 6


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_mail_can_be_read_in_both_languages(newcomer: Newcomer, language: str) -> None:
    browser = confirmed(newcomer, contact_language=language)
    ren = actor_of(newcomer.cast.ren)
    request_information(ren, application=newcomer.application, question="第 2 工場の住所は?")
    browser.post(f"{WIZARD}contact/", {**CONTACT, "contact_email": "new@tsukumo.example"})
    enrol_now(browser, newcomer)
    stranger().post(f"{mailed_link(newcomer)}deny/")
    reject_application(ren, application=newcomer.application, reason="本人の申請ではありません。")
    rejected = OutgoingMail.objects.filter(message__startswith="enrolment/")
    kinds = {"approved": {"membership_id": "4100001", "note": "ようこそ。"}, "withdrawn": {}}
    drafts = [
        OutgoingMail(message=f"enrolment/{kind}", language=language, context={**rejected[0].context, **facts})
        for kind, facts in kinds.items()
    ]

    read = [render(mail, programme=Programme.objects.get()) for mail in [*rejected, *drafts]]

    assert {mail.message for mail in rejected} == {
        f"enrolment/{kind}"
        for kind in (
            "received",
            "verify_contact",
            "email_verified",
            "more_information",
            "contact_denied_operator",
            "contact_denied_applicant",
            "rejected",
        )
    }
    assert all(newcomer.application.reference in mail.subject for mail in read)
    assert any("第 2 工場の住所は?" in mail.text for mail in read)
    assert any("本人の申請ではありません。" in mail.text for mail in read)
    assert not [mail.text for mail in read if "None" in mail.text or "{{" in mail.text]
