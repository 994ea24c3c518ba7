"""App registrations: an administrator lets a program in, gives it roles and secrets, and takes all of that back.

What a program does by itself it does as a work account of its own: with roles that the registering administrator
could give to a person (G-08), seen in the log, and never as a person.
"""

import datetime as dt
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible
from toiya.core.ids import new_id
from toiya.core.permissions import CATEGORY_OF, Permission, Role
from toiya.directory.models import Person, RoleAssignment, Tenant
from toiya.directory.roles import giveable, offered_categories, one_per_category
from toiya.directory.tenants import hold_role
from toiya.programme.models import Programme
from toiya.tokens.errors import (
    FlowNotPossible,
    NoSecretsNeeded,
    RedirectNotAllowed,
    RolesNotPossible,
    SecretLifeNotPossible,
    TooManySecrets,
)
from toiya.tokens.keys import signing_key
from toiya.tokens.models import AccessToken, Application, ApplicationSecret, Authorization, Flow, Kind
from toiya.tokens.secrets import hash_of, new_secret

PLACES = (1, 2)
HINT = 4
SECRET_LIFE = dt.timedelta(days=180)
LONGEST_SECRET_LIFE = dt.timedelta(days=730)
MOST_REDIRECTS = 20
LONGEST_REDIRECT = 1990  # a port may be added to it
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
FLOWS_FOR_PEOPLE = frozenset({Flow.AUTHORIZATION_CODE, Flow.DEVICE_CODE, Flow.PASSWORD})


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """A new secret with its text, which is shown now and never again."""

    secret: ApplicationSecret
    text: str


def registered(actor: Actor) -> Sequence[Application]:
    """The organisation's applications by name, with roles and secrets."""
    actor.must(Permission.APPLICATIONS_MANAGE)
    found = Application.objects.visible_to(actor).select_related("account")
    return list(found.prefetch_related("secrets", "account__role_assignments").order_by("name", "id"))


@transaction.atomic
def register_application(
    actor: Actor,
    *,
    name: str,
    kind: Kind,
    redirect_uris: Sequence[str] = (),
    flows: Iterable[Flow] = (),
    roles: frozenset[Role] = frozenset(),
) -> Application:
    """A program may ask for tokens from now on. Raises RedirectNotAllowed, FlowNotPossible, RolesNotPossible."""
    actor.must(Permission.APPLICATIONS_MANAGE)
    actor.must_be_here()
    wanted = _checked_flows(actor, kind, flows)
    _check_redirects(redirect_uris, wanted)
    _check_roles(actor, kind, frozenset(), roles)
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=actor.tenant_id)
    signing_key()
    client_id = new_id()
    application = Application.objects.create(
        id=client_id,
        tenant=tenant,
        name=name,
        kind=kind,
        redirect_uris=list(redirect_uris),
        flows=wanted,
        account=_open_account(actor, tenant, str(client_id), name) if kind == Kind.CONFIDENTIAL else None,
        created_by_id=actor.person_id,
        created_at=actor.now,
    )
    for role in roles:
        hold_role(_account(application), role, actor)
    record(
        actor,
        AuditAction.REGISTER_APPLICATION,
        application,
        tenant_id=tenant.pk,
        after={
            "application": name,
            "kind": kind,
            "redirect_uris": list(redirect_uris),
            "flows": wanted,
            "roles": roles,
        },
    )
    return application


def _open_account(actor: Actor, tenant: Tenant, user_name: str, name: str) -> Person:
    """No password, no factors, no address: nobody signs in with it, and nothing is mailed to it."""
    account: Person = Person.accounts.create(
        tenant=tenant,
        user_name=user_name,
        name=name,
        language=tenant.language,
        password=make_password(None),
        is_application=True,
        created_at=actor.now,
    )
    return account


def _account(application: Application) -> Person:
    if application.account is None:
        raise RolesNotPossible(
            _("A public application acts only for people, with their roles."), field="kind"
        )
    return application.account


@transaction.atomic
def update_application(
    actor: Actor,
    *,
    application: Application,
    name: str,
    redirect_uris: Sequence[str],
    flows: Iterable[Flow],
) -> Application:
    """Name, ways in, and where browsers may be sent. Raises RedirectNotAllowed, FlowNotPossible, NotVisible."""
    target = _own(actor, application)
    wanted = _checked_flows(actor, Kind(target.kind), flows)
    _check_redirects(redirect_uris, wanted)
    after = {"name": name, "redirect_uris": list(redirect_uris), "flows": wanted}
    before = {key: getattr(target, key) for key in after}
    if before == after:
        return target
    for key, value in after.items():
        setattr(target, key, value)
    target.save(update_fields=list(after))
    if target.account is not None and target.account.name != name:
        Person.accounts.filter(pk=target.account.pk).update(name=name)
    changed = [key for key in after if before[key] != after[key]]
    word = {"name": "application"}  # the name of a program is no personal value
    record(
        actor,
        AuditAction.UPDATE_APPLICATION,
        target,
        tenant_id=target.tenant_id,
        before={word.get(key, key): before[key] for key in changed},
        after={word.get(key, key): after[key] for key in changed},
    )
    return target


@transaction.atomic
def assign_application_roles(
    actor: Actor, *, application: Application, roles: frozenset[Role]
) -> Application:
    """The application holds exactly these roles from its next request on. Raises RolesNotPossible, NotVisible."""
    target = _own(actor, application)
    before, account = target.roles, _account(target)
    if roles == before:
        return target
    _check_roles(actor, Kind(target.kind), before, roles)
    RoleAssignment.objects.filter(person=account, role__in=before - roles).delete()
    for role in roles - before:
        hold_role(account, role, actor)
    record(
        actor,
        AuditAction.UPDATE_APPLICATION,
        target,
        tenant_id=target.tenant_id,
        before={"roles": before},
        after={"roles": roles},
    )
    return Application.objects.get(pk=target.pk)


@transaction.atomic
def add_secret(actor: Actor, *, application: Application, life: dt.timedelta = SECRET_LIFE) -> IssuedSecret:
    """A password for the program, shown once. Raises TooManySecrets, NoSecretsNeeded, SecretLifeNotPossible."""
    target = _own(actor, application)
    if not target.is_confidential:
        raise NoSecretsNeeded
    if not dt.timedelta(days=1) <= life <= LONGEST_SECRET_LIFE:
        raise SecretLifeNotPossible(field="days")
    taken = set(target.secrets.values_list("place", flat=True))
    free = [place for place in PLACES if place not in taken]
    if not free:
        raise TooManySecrets
    text, now = new_secret(), real_now()
    secret = ApplicationSecret.objects.create(
        tenant_id=target.tenant_id,
        application=target,
        place=free[0],
        hash=hash_of(text),
        hint=text[-HINT:],
        created_at=now,
        expires_at=now + life,
    )
    record(
        actor,
        AuditAction.ADD_APPLICATION_CREDENTIAL,
        target,
        tenant_id=target.tenant_id,
        after={"secret": secret.pk, "expires_at": secret.expires_at.isoformat()},
    )
    return IssuedSecret(secret, text)


@transaction.atomic
def remove_secret(actor: Actor, *, application: Application, secret_id: uuid.UUID) -> None:
    """The secret and every token that was got with it are dead at once. Raises NotVisible."""
    target = _own(actor, application)
    secret = target.secrets.filter(pk=secret_id).first()
    if secret is None:
        raise NotVisible
    before = {"secret": secret.pk, "expires_at": secret.expires_at.isoformat()}
    secret.delete()
    record(
        actor,
        AuditAction.REMOVE_APPLICATION_CREDENTIAL,
        target,
        tenant_id=target.tenant_id,
        before=before,
    )


@transaction.atomic
def disable_application(actor: Actor, *, application: Application) -> Application:
    """The program is stopped: none of its tokens works from the next request on."""
    target = _own(actor, application)
    if target.disabled_at is None:
        target.disabled_at = actor.now
        target.save(update_fields=["disabled_at"])
        _forget_tokens(target)
        record(actor, AuditAction.DISABLE_APPLICATION, target, tenant_id=target.tenant_id)
    return target


@transaction.atomic
def enable_application(actor: Actor, *, application: Application) -> Application:
    """The program may ask for tokens again; the old ones stay dead."""
    target = _own(actor, application)
    if target.disabled_at is not None:
        target.disabled_at = None
        target.save(update_fields=["disabled_at"])
        record(actor, AuditAction.ENABLE_APPLICATION, target, tenant_id=target.tenant_id)
    return target


@transaction.atomic
def unregister_application(actor: Actor, *, application: Application) -> None:
    """The program is gone for good. Its account stays behind, without roles, because the log names it."""
    target = _own(actor, application)
    roles = target.roles
    target.unregistered_at = actor.now
    target.save(update_fields=["unregistered_at"])
    _forget_tokens(target)
    target.secrets.all().delete()
    if target.account is not None:
        RoleAssignment.objects.filter(person=target.account).delete()
        Person.accounts.filter(pk=target.account.pk).update(disabled_at=actor.now)
    record(
        actor,
        AuditAction.UNREGISTER_APPLICATION,
        target,
        tenant_id=target.tenant_id,
        before={"application": target.name, "roles": roles},
    )


def _forget_tokens(application: Application) -> None:
    AccessToken.objects.filter(application=application).delete()
    Authorization.objects.filter(application=application).delete()


def _own(actor: Actor, application: Application) -> Application:
    """The application as it is now, held until the end. Raises RoleMissing, PersonNeeded, NotVisible."""
    actor.must(Permission.APPLICATIONS_MANAGE)
    actor.must_be_here()
    found = Application.objects.select_for_update(of=("self",)).visible_to(actor).filter(pk=application.pk)
    target = found.select_related("account").first()
    if target is None:
        raise NotVisible
    return target


# ---------------------------------------------------------------- what would make a registration wrong
def _checked_flows(actor: Actor, kind: Kind, flows: Iterable[Flow]) -> list[str]:
    wanted = set(flows)
    if kind == Kind.PUBLIC and Flow.CLIENT_CREDENTIALS in wanted:
        raise FlowNotPossible(
            _("A public application cannot act by itself: it has no secret to prove itself with."),
            field="flows",
        )
    if Flow.PASSWORD in wanted and not password_flow_allowed(actor.tenant_id):
        raise FlowNotPossible(
            _("Signing in with a password sent by the application is not allowed here."), field="flows"
        )
    return [flow.value for flow in Flow if flow in wanted]


def password_flow_allowed(tenant_id: uuid.UUID) -> bool:
    """Only in a sandbox, and only where the operator has switched it on (T-22)."""
    in_sandbox = Tenant.objects.filter(pk=tenant_id, family__is_sandbox=True).exists()
    return in_sandbox and Programme.objects.filter(allows_password_flow=True).exists()


def _check_redirects(uris: Sequence[str], flows: Sequence[str]) -> None:
    if Flow.AUTHORIZATION_CODE in flows and not uris:
        raise RedirectNotAllowed(
            _("Signing people in by the browser needs at least one redirect address."), field="redirect_uris"
        )
    if len(uris) > MOST_REDIRECTS:
        raise RedirectNotAllowed(
            _("At most %(most)s redirect addresses.") % {"most": MOST_REDIRECTS}, field="redirect_uris"
        )
    for uri in uris:
        if not is_possible_redirect(uri):
            raise RedirectNotAllowed(
                _(
                    "“%(found)s” cannot be a redirect address. It begins with https://, or with http://localhost,"
                    " names a host, and has no # and no *."
                )
                % {"found": uri},
                field="redirect_uris",
            )


def is_possible_redirect(uri: str) -> bool:
    """An absolute address over TLS, or one on the user's own machine (RFC 8252); nothing that browsers read
    otherwise (T-30).
    """
    if len(uri) > LONGEST_REDIRECT or any(unicodedata.category(char)[0] in "CZ" for char in uri):
        return False
    if not uri.isascii() or any(char in uri for char in "\\#*<>\"'`{}|^"):
        return False
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        parts.port  # noqa: B018  (raises where it is no number)
    except ValueError:
        return False
    is_plain = "@" not in parts.netloc and bool(host)
    if parts.scheme == "https":
        return is_plain
    return parts.scheme == "http" and is_plain and (host in LOOPBACK or host == "::1")


def _check_roles(actor: Actor, kind: Kind, before: frozenset[Role], after: frozenset[Role]) -> None:
    if after and kind == Kind.PUBLIC:
        raise RolesNotPossible(
            _("A public application acts only for people, with their roles."), field="kind"
        )
    offered = offered_categories(actor.capacities | actor.suspended)
    foreign = [role for role in after if CATEGORY_OF[role] not in offered]
    if foreign:
        raise RolesNotPossible(
            _("Your organization cannot give the role “%(role)s”: it is not enrolled for it.")
            % {"role": foreign[0].label}
        )
    if not one_per_category(after):
        raise RolesNotPossible(_("An application has at most one role of each category."))
    beyond = (before ^ after) - giveable(actor.roles)
    if beyond:
        labels = ", ".join(str(role.label) for role in Role if role in beyond)
        raise RolesNotPossible(
            _("Your roles do not let you give or take: %(roles)s. A global administrator can.")
            % {"roles": labels}
        )
