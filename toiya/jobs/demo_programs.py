"""Programs of the demo, ready to be called: each has a secret, and a person who has let it act for them."""

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from toiya.catalogue.models import SkuKind
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.permissions import Role
from toiya.core.terms import BillingCycle, Term
from toiya.directory.actors import actor_for, person_for_request
from toiya.directory.models import Person, Tenant
from toiya.events.names import EventName
from toiya.orders.choosing import offers_for
from toiya.tokens.applications import add_secret, register_application, remove_secret
from toiya.tokens.authorizations import hand, let_application_in, refresh_token_of
from toiya.tokens.clients import ClientRefused, proven_client
from toiya.tokens.models import Application, Flow, Kind
from toiya.tokens.realms import Realm
from toiya.tokens.scopes import OWN
from toiya.webhooks.errors import AddressNotAllowed
from toiya.webhooks.models import WebhookRegistration
from toiya.webhooks.registration import WebhookDetails, change_webhook, names_of, register_webhook

NAME = "Demo application"
ROLES = frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT})
FLOWS = (Flow.CLIENT_CREDENTIALS, Flow.AUTHORIZATION_CODE, Flow.DEVICE_CODE)
LIFE = dt.timedelta(days=730)
ORDERS = "受注連携"


def ready_program(user_name: str, held: Mapping[str, str]) -> dict[str, str]:
    """What a program needs to call the API for this person's organisation; what is held stays while it works."""
    person = Person.objects.get(user_name=user_name)
    return dict(held) if _works(person, held) else _new(person)


def _works(person: Person, held: Mapping[str, str]) -> bool:
    try:
        client = proven_client(
            held["client_id"], held["client_secret"], Realm(held["tenant_id"], person.tenant_id)
        )
        return refresh_token_of(client.application, held["refresh_token"]) is not None
    except (KeyError, ClientRefused):
        return False


@transaction.atomic
def _new(person: Person) -> dict[str, str]:
    actor = _acting(person)
    application = Application.objects.visible_to(actor).live().filter(name=NAME).first()
    if application is None:
        application = register_application(
            actor,
            name=NAME,
            kind=Kind.CONFIDENTIAL,
            redirect_uris=["http://localhost"],
            flows=FLOWS,
            roles=ROLES,
        )
    for secret in application.secrets.all():
        remove_secret(actor, application=application, secret_id=secret.pk)
    issued = add_secret(actor, application=application, life=LIFE)
    handed = hand(let_application_in(actor, application=application, scope=OWN))
    return {
        "tenant_id": str(person.tenant_id),
        "client_id": str(application.pk),
        "client_secret": issued.text,
        "refresh_token": handed.refresh,
    }


def ready_offer(user_name: str, customer: Tenant) -> dict[str, str]:
    """Something that the program of this person can order for the customer at once: licences for a year, paid
    monthly. Joined by colons, the three are the catalogue item.
    """
    actor = _acting(Person.objects.get(user_name=user_name))
    for offer in offers_for(actor, customer=customer):
        found = offer.availability
        kind = (found.sku.kind, found.term, found.billing_cycle)
        if offer.is_sellable and kind == (SkuKind.LICENSE, Term.YEAR, BillingCycle.MONTHLY):
            return {"product": str(found.sku.product_id), "sku": str(found.sku_id), "offer": str(found.pk)}
    raise LookupError(customer.domain)


def register_orders_program(actor: Actor) -> None:
    """A program with no more rights than its work needs, in the middle of exchanging its secret."""
    application = register_application(
        actor,
        name=ORDERS,
        kind=Kind.CONFIDENTIAL,
        flows=(Flow.CLIENT_CREDENTIALS,),
        roles=frozenset({Role.SALES_AGENT}),
    )
    for days in (90, 365):
        add_secret(actor, application=application, life=dt.timedelta(days=days))


def listen(actor: Actor) -> None:
    """The organisation hears of everything, where the demo itself takes it; not where events may not go there."""
    try:
        register_webhook(
            actor, details=WebhookDetails(url=_receiver(), events=[name.value for name in EventName])
        )
    except AddressNotAllowed:
        return


def listen_here() -> None:
    """A demo that is started at another port sends its events there."""
    here = _receiver()
    moved = WebhookRegistration.objects.filter(url__endswith=urlsplit(here).path).exclude(url=here)
    for registration in moved.select_related("tenant"):
        chief = registration.tenant.people.filter(role_assignments__role=Role.GLOBAL_ADMIN).first()
        if chief is None:
            continue
        details = WebhookDetails(
            url=here,
            events=[name.value for name in names_of(registration)],
            has_own_header=registration.has_own_header,
            properties=registration.properties,
        )
        change_webhook(_acting(chief), details=details)


def _receiver() -> str:
    own = urlsplit(settings.ORIGIN)
    # The demo listens at one address; localhost may have another one too.
    host = own.netloc.replace("localhost", "127.0.0.1")
    return f"{own.scheme}://{host}{reverse('mailbox:receiver')}"


def _acting(person: Person) -> Actor:
    fresh = person_for_request(person.pk)
    if fresh is None:
        raise LookupError(person.user_name)
    return actor_for(fresh, language=fresh.language, second_factor_at=real_now())
