"""What a reviewer sees of an application: the submission word for word, differences, checks, history."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Language
from toiya.enrolment.models import Application, CheckKind, ContactVerification, State
from toiya.enrolment.review import checks_in_force
from toiya.enrolment.verification import current_verification, is_contact_verified, is_denied
from toiya.programme.countries import country_name

DETAIL_LABELS: Mapping[str, str | Promise] = {
    "legal_name": gettext_lazy("Legal name"),
    "reading": gettext_lazy("Reading (kana)"),
    "latin_name": gettext_lazy("Name in Latin letters"),
    "postal_code": gettext_lazy("Postal code"),
    "region": gettext_lazy("Prefecture or state"),
    "city": gettext_lazy("City"),
    "street": gettext_lazy("Street address"),
    "contact_name": gettext_lazy("Name of the primary contact"),
    "contact_email": gettext_lazy("Email address of the primary contact"),
    "contact_phone": gettext_lazy("Phone of the primary contact"),
    "contact_language": gettext_lazy("Language of the primary contact"),
    "support_website": gettext_lazy("Support website"),
    "support_email": gettext_lazy("Support email address"),
    "support_phone": gettext_lazy("Support phone"),
}
SECTIONS = (
    (
        gettext_lazy("Legal profile"),
        "building",
        ("legal_name", "reading", "latin_name", "postal_code", "region", "city", "street"),
    ),
    (
        gettext_lazy("Primary contact"),
        "person",
        ("contact_name", "contact_email", "contact_phone", "contact_language"),
    ),
    (gettext_lazy("Customer support"), "headset", ("support_website", "support_email", "support_phone")),
)
STATE_TONES = {
    State.DRAFT: "neutral",
    State.EMAIL_PENDING: "waiting",
    State.UNDER_REVIEW: "info",
    State.MORE_INFORMATION: "warning",
    State.APPROVED: "success",
    State.REJECTED: "danger",
    State.WITHDRAWN: "neutral",
}
OPEN = (State.EMAIL_PENDING, State.UNDER_REVIEW, State.MORE_INFORMATION)


def dossier(actor: Actor, application: Application) -> dict[str, object]:
    """The context of the page about one application."""
    submission = application.submissions.order_by("-number").first()
    content: Mapping[str, str] = submission.content if submission else {}
    checks = {check.kind: check for check in checks_in_force(application)}
    obstacles = _obstacles(application, {kind for kind, check in checks.items() if check.passed})
    return {
        "application": application,
        "state_tone": STATE_TONES[State(application.state)],
        "submission": submission,
        "sections": [
            {"title": title, "icon": icon, "rows": [_row(name, content) for name in names]}
            for title, icon, names in SECTIONS
        ],
        "differences": _differences(submission.changes if submission else {}),
        "account": _account(content),
        "contact": _contact(application, current_verification(application)),
        "checks": [
            {"kind": kind, "check": checks.get(kind), "hints": _hints(kind, application, content)}
            for kind in CheckKind
        ],
        "obstacles": obstacles,
        "history": _history(application),
        "is_open": application.state in OPEN,
        "may_review": actor.may(Permission.APPLICATIONS_REVIEW),
        "may_check": is_contact_verified(application) and application.state == State.UNDER_REVIEW,
        "may_ask": application.state == State.UNDER_REVIEW or is_denied(application),
    }


def _row(name: str, content: Mapping[str, str]) -> dict[str, object]:
    value = content.get(name, "")
    if name == "contact_language" and value:
        value = str(Language(value).label)
    return {"term": DETAIL_LABELS[name], "value": value}


def _differences(changes: Mapping[str, Mapping[str, str]]) -> list[dict[str, object]]:
    return [
        {"label": DETAIL_LABELS.get(name, name), "before": change["before"], "after": change["after"]}
        for name, change in changes.items()
    ]


def _account(content: Mapping[str, str]) -> list[dict[str, object]]:
    return [
        {"term": _("Organization"), "value": content.get("tenant", "")},
        {"term": _("Domain"), "value": content.get("domain", "")},
        {"term": _("Country or region"), "value": country_name(content.get("country", ""))},
        {
            "term": _("Applicant"),
            "value": content.get("applicant", ""),
            "note": content.get("applicant_user_name", ""),
        },
        {
            "term": _("Membership ID"),
            "value": content.get("membership_id", ""),
            "note": content.get("membership_name", ""),
        },
        {"term": _("Accepted agreement"), "value": _version(content.get("agreement_version"))},
    ]


def _version(number: object) -> str:
    return _("Version %(number)s") % {"number": number} if number else ""


def _contact(application: Application, verification: ContactVerification | None) -> dict[str, object]:
    return {
        "verification": verification,
        "is_verified": is_contact_verified(application),
        "is_denied": is_denied(application),
        "mail_domain": verification.email.rpartition("@")[2] if verification else "",
        "tenant_domains": [domain.name for domain in application.tenant.domains.all()],
    }


def _hints(kind: CheckKind, application: Application, content: Mapping[str, str]) -> list[str]:
    """Facts that the system knows and that bear on the check; the reviewer weighs them."""
    profile = application.profile
    if kind == CheckKind.ORGANIZATION:
        if profile is None:
            return [_("No organization profile is linked.")]
        same = profile.name == content.get("legal_name")
        return [
            _("Organization profile %(id)s, %(name)s, %(country)s.")
            % {
                "id": profile.membership_id,
                "name": profile.name,
                "country": country_name(profile.country_id),
            },
            _("The legal name is the one in the profile.")
            if same
            else _("The legal name differs from the profile."),
            *[f"{holding.name}" for holding in profile.holdings.all()],
        ]
    return [
        _("%(name)s is a global administrator of %(domain)s.")
        % {"name": content.get("applicant", ""), "domain": content.get("domain", "")},
        _("The primary contact confirmed the enrollment.")
        if is_contact_verified(application)
        else _("The primary contact has not confirmed the enrollment."),
    ]


def _obstacles(application: Application, passed: set[str]) -> list[str]:
    """Why approval is not possible now (S-042)."""
    found = []
    if is_denied(application):
        found.append(_("The primary contact said: this was not us."))
    elif not is_contact_verified(application):
        found.append(_("The primary contact has not confirmed the email address yet."))
    found += [
        _("Not passed yet: “%(check)s”.") % {"check": kind.label}
        for kind in CheckKind
        if kind.value not in passed
    ]
    if not found and application.state != State.UNDER_REVIEW:
        found.append(_("The application is “%(state)s”.") % {"state": State(application.state).label})
    return found


def _history(application: Application) -> list[dict[str, object]]:
    changes = application.status_changes.select_related("reviewer").order_by("-at", "-pk")
    return [
        {
            "when": change.at,
            "title": State(change.state).label,
            "who": change.reviewer.name if change.reviewer else "",
            "text": "\n".join(
                part
                for part in (
                    change.note,
                    _("Mailed to %(address)s") % {"address": change.mailed_to} if change.mailed_to else "",
                )
                if part
            ),
            "tone": STATE_TONES[State(change.state)],
        }
        for change in changes
    ]
