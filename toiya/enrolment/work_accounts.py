"""A company without a work account makes one during enrolment (S-013, S-025)."""

import datetime as dt
import re
import uuid
from collections.abc import Mapping

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from toiya.core.permissions import Capacity
from toiya.directory.models import Domain, Family, Person, Tenant
from toiya.directory.tenants import FirstAdministrator, create_tenant
from toiya.enrolment.details import Problems, tidy
from toiya.enrolment.errors import IncompleteDetails
from toiya.programme.models import Country
from toiya.programme.web_mail import DOMAIN, plain_domain, web_mail_domain_of
from toiya.requests import limits

LOCAL_PART = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
NAME_LENGTH, PERSON_LENGTH, EMAIL_LENGTH = 200, 100, 254
FROM_ONE_PLACE, PER = 20, dt.timedelta(hours=1)
LENGTHS = {
    "company": NAME_LENGTH,
    "reading": NAME_LENGTH,
    "latin_name": NAME_LENGTH,
    "name": PERSON_LENGTH,
    "contact_email": EMAIL_LENGTH,
}
REQUIRED = ("company", "country", "domain", "name", "contact_email", "user", "password")


def create_work_account(*, values: Mapping[str, str], password_again: str, language: str, source: str) -> str:
    """The organisation with its first global administrator; returns the user name to sign in with (S-026).

    ``source`` is where the request came from; only so many an hour come from one place.
    Raises IncompleteDetails, TooManyAttempts, DomainTaken.
    """
    answers = {name: tidy(value) for name, value in values.items() if name != "password"}
    answers["domain"] = plain_domain(answers["domain"])
    answers["user"] = answers["user"].lower()
    password = values["password"]
    problems = problems_with(answers, password)
    if password and not problems.get("password") and password != password_again:
        problems["password_again"] = _("The two passwords are not the same.")
    if problems:
        raise IncompleteDetails(problems)
    limits.take("create-work-account", source, limit=FROM_ONE_PLACE, per=PER)
    tenant = create_tenant(
        family=_operator().family,
        name=answers["company"],
        reading=answers["reading"],
        latin_name=answers["latin_name"],
        domain=answers["domain"],
        country=answers["country"],
        language=language,
        administrator=FirstAdministrator(
            user_name=f"{answers['user']}@{answers['domain']}",
            name=answers["name"],
            contact_email=answers["contact_email"].lower(),
            password=password,
        ),
    )
    return tenant.people.get().user_name


def _operator() -> Tenant:
    return (
        Tenant.objects.filter(tenant_capacities__capacity=Capacity.OPERATOR, family__is_sandbox=False)
        .select_related("family")
        .earliest("created_at")
    )


def problems_with(answers: Mapping[str, str], password: str) -> Problems:
    """A sentence beside each answer that is missing or wrong."""
    problems: Problems = {
        name: _("This is required.") for name in REQUIRED if not {**answers, "password": password}.get(name)
    }
    for name, limit in LENGTHS.items():
        if len(answers[name]) > limit:
            problems[name] = _("At most %(limit)s characters; this has %(found)s.") % {
                "limit": limit,
                "found": len(answers[name]),
            }
    checks = {"country": _country, "domain": _domain, "user": _user, "contact_email": _contact_email}
    for name, check in checks.items():
        if name not in problems and (problem := check(answers[name])):
            problems[name] = problem
    whole = len(answers["user"]) + 1 + len(answers["domain"])
    if not {"user", "domain"} & problems.keys() and whole > EMAIL_LENGTH:
        problems["user"] = _(
            "User name and domain have %(found)s characters together; they have at most %(limit)s."
        ) % {"found": whole, "limit": EMAIL_LENGTH}
    if "password" not in problems and (problem := _password(answers, password)):
        problems["password"] = problem
    return problems


def _country(code: str) -> str:
    return "" if Country.objects.filter(code=code, is_open=True).exists() else _("Choose one from the list.")


def is_taken(domain: str, *, family_id: uuid.UUID) -> bool:
    """Whether no new organisation of the family can have the domain: somebody has it or one above it, or a mail
    service does. What a sandbox has is taken in sandboxes only.
    """
    if web_mail_domain_of(domain) or _belongs_to_somebody(domain):
        return True
    made_up = Domain.objects.filter(name=domain, tenant__family__is_sandbox=True)
    return made_up.exists() and Family.objects.filter(pk=family_id, is_sandbox=True).exists()


def _belongs_to_somebody(domain: str) -> bool:
    labels = domain.split(".")
    family_of_names = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    return Domain.objects.filter(name__in=family_of_names, tenant__family__is_sandbox=False).exists()


def _domain(domain: str) -> str:
    if not DOMAIN.fullmatch(domain):
        return _("“%(found)s” is not a domain; it should look like company.example.") % {"found": domain}
    if web_mail_domain_of(domain):
        return _("%(domain)s belongs to a web-based email service. Use a domain of your company.") % {
            "domain": domain
        }
    if _belongs_to_somebody(domain):
        return _(
            "%(domain)s already belongs to a work account. Sign in with it, or choose another domain."
        ) % {"domain": domain}
    return ""


def _user(local_part: str) -> str:
    if LOCAL_PART.fullmatch(local_part):
        return ""
    return _("“%(found)s” cannot be a user name; use letters a to z, digits, dot, hyphen and underscore.") % {
        "found": local_part
    }


def _contact_email(address: str) -> str:
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return _("“%(found)s” is not an email address; it should look like name@company.example.") % {
            "found": address
        }
    return ""


def _password(answers: Mapping[str, str], password: str) -> str:
    person = Person(user_name=answers["user"], name=answers["name"], contact_email=answers["contact_email"])
    try:
        validate_password(password, person)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""
