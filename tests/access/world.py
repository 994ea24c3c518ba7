"""Everybody and one of everything: the world that the access matrix walks through."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from allauth.mfa.models import Authenticator
from django.test import Client

from tests.access.counters import counters
from tests.access.invoices import invoices
from tests.access.programs import programs
from tests.access.shelves import shelves
from tests.cast import (
    Cast,
    actor_of,
    browser_of,
    build_cast,
    day_in_japan,
    found,
    hire,
    partner,
    relate,
    stranger,
)
from tests.commerce import Shop, build_shop, subscribed
from tests.fulfilment.story import asked_task, webhook_connector
from tests.webhooks.story import listen_elsewhere, told_to
from toiya.bulk.models import BulkFile, BulkKind
from toiya.core.clock import real_now
from toiya.core.links import Purpose, link_token
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.customers.models import RelationshipInvitation
from toiya.devices.devices import bring_device
from toiya.devices.models import PolicySetting
from toiya.devices.policies import create_policy
from toiya.directory.factors import enrol_totp
from toiya.directory.models import Person, Suspension, Tenant
from toiya.enrolment.models import Application, ContactVerification, State
from toiya.mail.models import OutgoingMail
from toiya.membership.models import OrganizationProfile
from toiya.orders.models import CustomerWish, WishKind
from toiya.partnerships.models import PartnerInvitation
from toiya.programme.models import Agreement, WebMailDomain
from toiya.relations.grants import grant_administration
from toiya.relations.models import AdministrationGrant, Channel, OlderRelationship, Partnership
from toiya.sandbox.making import make_sandbox
from toiya.subscriptions.models import Transfer
from toiya.webhooks.keys import signing_key

SECRET = "JBSWY3DPEHPK3PXP"
DAY = dt.timedelta(days=1)
NOBODY = uuid.UUID("00000000-0000-4000-8000-000000000000")


Instances = dict[str, tuple[Mapping[str, object], frozenset[str]]]


@dataclass(frozen=True)
class Persona:
    """Somebody at the door: their browser, and what the oracle needs to know about them."""

    name: str
    browser: Client
    person: Person | None = None
    has_factor: bool = True
    must_change: bool = False
    tenant: str = ""
    roles: frozenset[Role] = frozenset()
    live: frozenset[Capacity] = frozenset()
    suspended: frozenset[Capacity] = frozenset()


@dataclass
class World:
    """Personas, and for each kind of object its instances with the organisations that may see them."""

    personas: list[Persona]
    objects: dict[str, Instances] = field(default_factory=dict)


ALL = frozenset({"*"})
NONE: frozenset[str] = frozenset()


def _who(*names: str) -> frozenset[str]:
    return frozenset(names)


def _grant(
    tenant: Tenant, grantee: Tenant, capacity: Capacity, by: Person, role: DirectoryRole
) -> AdministrationGrant:
    return grant_administration(
        actor_of(by),
        tenant=tenant,
        grantee=grantee,
        capacity=capacity,
        roles=[role],
        expires_at=real_now() + 30 * DAY,
        consented_by_id=by.pk,
        invitation_id=None,
    )


def _partner_invitation(inviter: Person, email: str) -> PartnerInvitation:
    return PartnerInvitation.objects.create(
        tenant=inviter.tenant,
        inviter=inviter,
        email=email,
        language="en",
        roles=[],
        grant_days=30,
        created_at=real_now(),
        expires_at=real_now() + 30 * DAY,
    )


def _relationship_invitation(inviter: Person, reseller: Tenant) -> RelationshipInvitation:
    return RelationshipInvitation.objects.create(
        tenant=reseller,
        inviter=inviter,
        reseller=reseller,
        email="",
        language="en",
        channel=Channel.OWN_MARKETING,
        grant_days=30,
        created_at=real_now(),
        expires_at=real_now() + 30 * DAY,
    )


def _file(uploaded_by: Person) -> BulkFile:
    return BulkFile.objects.create(
        tenant=uploaded_by.tenant,
        kind=BulkKind.INVITATIONS,
        name="customers.csv",
        encoding="utf-8",
        uploaded_by=uploaded_by,
        created_at=real_now(),
    )


def _wish(asked_by: Person, partner_: Tenant) -> CustomerWish:
    return CustomerWish.objects.create(
        tenant=asked_by.tenant,
        partner=partner_,
        kind=WishKind.BUY,
        text="ten more",
        asked_by=asked_by,
        created_at=real_now(),
    )


def _application(person: Person, state: State) -> Application:
    submitted = state is not State.DRAFT
    profile = OrganizationProfile.objects.create(
        membership_id=f"M-{person.tenant.domain[:8]}", name=person.tenant.name, country_id="JP"
    )
    return Application.objects.create(
        tenant=person.tenant,
        applicant=person,
        state=state,
        reference=f"ER-{person.tenant.domain[:8]}" if submitted else "",
        profile=profile,
        legal_name=person.tenant.name,
        contact_name="担当者",
        contact_email=f"contact@{person.tenant.domain}",
        created_at=real_now(),
        submitted_at=real_now() if submitted else None,
    )


def build_world() -> World:
    """The cast, their relations, their neighbours', ended ones and expired ones."""
    cast = build_cast()
    family = cast.family
    momiji = found(family, "モミジ食品", "momiji.example", reading="もみじしょくひん")
    sakura = found(family, "サクラ印刷", "sakura.example", reading="さくらいんさつ")
    tsuru = found(family, "ツル技研", "tsuru.example", reading="つるぎけん")
    hato = found(family, "ハト通信", "hato.example", reading="はとつうしん")
    kiji = found(family, "キジ電算", "kiji.example", Capacity.RESELLER, reading="きじでんさん")
    people = {
        "ren": cast.ren,
        "aki": cast.aki,
        "pia": hire(cast.operator, "Pia", Role.PROGRAMME_MANAGER),
        "ken": hire(cast.operator, "Ken", Role.PROGRAMME_SUPPORT),
        "mei": cast.mei,
        "sora": cast.sora,
        "hina": hire(cast.hinode, "Hina", Role.HELPDESK_AGENT),
        "bin": hire(cast.hinode, "Bin", Role.BILLING_ADMIN),
        "kai": cast.kai,
        "nao": cast.nao,
        "uma": hire(cast.kawase, "Uma", Role.USER_ADMIN),
        "sho": hire(cast.kawase, "Sho", Role.SALES_AGENT),
        "riku": cast.riku,
        "emi": cast.emi,
        "taro": cast.taro,
        "yui": cast.yui,
        "jun": cast.jun,
        "moe": hire(momiji, "Moe", Role.GLOBAL_ADMIN),
        "tsu": hire(tsuru, "Tsu", Role.GLOBAL_ADMIN),
        "hat": hire(hato, "Hat", Role.GLOBAL_ADMIN),
        "kij": hire(kiji, "Kij", Role.GLOBAL_ADMIN, Role.ADMIN_AGENT),
    }
    hire(sakura, "Saki", Role.GLOBAL_ADMIN)
    Suspension.objects.create(
        tenant=kiji, capacity=Capacity.RESELLER, reason="unpaid", at=real_now(), by_id=cast.ren.pk
    )
    for person in people.values():
        enrol_totp(person, SECRET)
    return World(_personas(people), _objects(cast, people, momiji, sakura, tsuru, hato))


def _persona(name: str, person: Person) -> Persona:
    actor = actor_of(person)
    return Persona(
        name=name,
        browser=browser_of(person),
        person=person,
        tenant=person.tenant.domain.removesuffix(".example"),
        roles=actor.roles,
        live=actor.capacities,
        suspended=actor.suspended,
    )


def _personas(people: dict[str, Person]) -> list[Persona]:
    first = people["emi"]
    no_factor = Persona(
        "kai without factor", browser_of(people["kai"], second_factor=False), people["kai"], has_factor=False
    )
    fresh = hire(people["kai"].tenant, "Fresh", Role.ADMIN_AGENT)
    fresh.temporary_password_until = real_now() + DAY
    fresh.save()
    must = Persona("temporary password", browser_of(fresh), fresh, has_factor=False, must_change=True)
    gone = hire(first.tenant, "Gone", Role.GLOBAL_ADMIN)
    browser = browser_of(gone)
    gone.disabled_at = real_now()
    gone.save()
    outsiders = [Persona("anonymous", stranger()), no_factor, must, Persona("disabled", browser)]
    return outsiders + [_persona(name, person) for name, person in people.items()]


def _forged() -> tuple[Mapping[str, object], frozenset[str]]:
    return {"token": "x" * 67}, NONE


def _objects(  # noqa: PLR0917  (the six organisations of the story)
    cast: Cast, people: dict[str, Person], momiji: Tenant, sakura: Tenant, tsuru: Tenant, hato: Tenant
) -> dict[str, Instances]:
    live = partner(cast.hinode, cast.kawase)
    neighbour = partner(cast.midori, cast.yamabuki)
    ended = Partnership.objects.create(
        provider=cast.hinode, reseller=cast.yamabuki, since=real_now() - 2 * DAY, ended_at=real_now() - DAY
    )
    for one, customer in (
        (cast.kawase, cast.aoba),
        (cast.hinode, cast.aoba),
        (cast.yamabuki, momiji),
        (cast.midori, momiji),
    ):
        relate(one, customer)
    past = relate(cast.kawase, sakura)
    past.ended_at = real_now()
    past.save()
    over_kawase = _grant(
        cast.kawase, cast.hinode, Capacity.PROVIDER, cast.kai, DirectoryRole.HELPDESK_ADMINISTRATOR
    )
    over_aoba = _grant(cast.aoba, cast.kawase, Capacity.RESELLER, cast.emi, DirectoryRole.USER_ADMINISTRATOR)
    over_momiji = _grant(
        momiji, cast.yamabuki, Capacity.RESELLER, people["moe"], DirectoryRole.USER_ADMINISTRATOR
    )
    expired = _grant(
        sakura, cast.kawase, Capacity.RESELLER, sakura.people.get(), DirectoryRole.USER_ADMINISTRATOR
    )
    AdministrationGrant.objects.filter(pk=expired.pk).update(
        starts_at=real_now() - 2 * DAY, expires_at=real_now() - DAY
    )
    ours, theirs = _partner_invitation(cast.mei, "a@x.example"), _partner_invitation(cast.jun, "b@x.example")
    request, foreign = (
        _relationship_invitation(cast.kai, cast.kawase),
        _relationship_invitation(cast.yui, cast.yamabuki),
    )
    submitted, draft = (
        _application(people["tsu"], State.UNDER_REVIEW),
        _application(people["hat"], State.DRAFT),
    )
    proof = ContactVerification.objects.create(
        tenant=tsuru,
        application=submitted,
        email="c@tsuru.example",
        sent_at=real_now(),
        expires_at=real_now() + DAY,
    )
    older = OlderRelationship.objects.create(
        partner=tsuru, customer=momiji, portal="Classic", since=day_in_japan()
    )
    mail = OutgoingMail.objects.create(
        tenant_id=cast.hinode.pk,
        family_id=cast.family.pk,
        message="partnerships/invitation",
        to="a@x.example",
        language="en",
        context={},
        posted_at=real_now(),
        due_at=real_now(),
    )
    wish, foreign_wish = _wish(cast.emi, cast.kawase), _wish(people["moe"], cast.yamabuki)
    file, other_file = (_file(person) for person in (cast.kai, cast.yui))
    task = asked_task(webhook_connector(cast, url="https://vendor.example/"), cast, attempts=1)
    domain, agreement = WebMailDomain.objects.first(), Agreement.objects.first()
    assert domain is not None
    assert agreement is not None

    def by_id(name: str, **instances: tuple[object, frozenset[str]]) -> Instances:
        rows = {label: ({name: value}, seen_by) for label, (value, seen_by) in instances.items()}
        return {**rows, "nonexistent": ({name: NOBODY}, NONE)}

    def token(purpose: Purpose, subject: uuid.UUID, version: int = 1) -> tuple[object, frozenset[str]]:
        return link_token(purpose, subject, version), ALL

    def people_of(*pairs: tuple[str, frozenset[str]]) -> Instances:
        rows = {name: ({"person_id": people[name].pk}, seen_by) for name, seen_by in pairs}
        return {**rows, "nonexistent": ({"person_id": NOBODY}, NONE)}

    operator, forged = _who("tsubame"), _forged()
    return {
        **_wares(cast, momiji),
        "customer": by_id(
            "customer_id",
            aoba=(cast.aoba.pk, _who("kawase", "hinode")),
            momiji=(momiji.pk, _who("yamabuki", "midori")),
            ended=(sakura.pk, NONE),
            unrelated=(tsuru.pk, NONE),
            oneself=(cast.kawase.pk, NONE),
        ),
        **_devices(cast, momiji),
        "relationship invitation": by_id(
            "invitation_id", kawase=(request.pk, _who("kawase")), yamabuki=(foreign.pk, _who("yamabuki"))
        ),
        "partner invitation": by_id(
            "invitation_id", hinode=(ours.pk, _who("hinode")), midori=(theirs.pk, _who("midori"))
        ),
        "provider of mine": by_id(
            "provider_id",
            hinode=(cast.hinode.pk, _who("kawase")),
            midori=(cast.midori.pk, _who("yamabuki")),
            unrelated=(tsuru.pk, NONE),
        ),
        "reseller of mine": by_id(
            "reseller_id",
            kawase=(cast.kawase.pk, _who("hinode")),
            yamabuki=(cast.yamabuki.pk, _who("midori")),
            unrelated=(tsuru.pk, NONE),
        ),
        "partnership": by_id(
            "partnership_id",
            live=(live.pk, _who("hinode", "kawase")),
            neighbour=(neighbour.pk, _who("midori", "yamabuki")),
            ended=(ended.pk, NONE),
        ),
        "partnership of provider": by_id(
            "partnership_id",
            live=(live.pk, _who("hinode")),
            neighbour=(neighbour.pk, _who("midori")),
            ended=(ended.pk, NONE),
        ),
        "grant received": by_id(
            "grant_id",
            over_kawase=(over_kawase.pk, _who("hinode")),
            over_aoba=(over_aoba.pk, _who("kawase")),
            over_momiji=(over_momiji.pk, _who("yamabuki")),
            expired=(expired.pk, _who("kawase")),
        ),
        "grant given": by_id(
            "grant_id",
            over_kawase=(over_kawase.pk, _who("kawase", "hinode")),
            over_aoba=(over_aoba.pk, _who("aoba", "kawase")),
            over_momiji=(over_momiji.pk, _who("momiji", "yamabuki")),
            expired=(expired.pk, _who("sakura", "kawase")),
        ),
        "administered tenant": by_id(
            "tenant_id",
            kawase=(cast.kawase.pk, _who("hinode")),
            aoba=(cast.aoba.pk, _who("kawase")),
            momiji=(momiji.pk, _who("yamabuki")),
            expired=(sakura.pk, NONE),
            unrelated=(tsuru.pk, NONE),
        ),
        "administered person": {
            "taro": ({"tenant_id": cast.aoba.pk, "person_id": cast.taro.pk}, _who("kawase")),
            "riku": ({"tenant_id": cast.kawase.pk, "person_id": cast.riku.pk}, _who("hinode")),
            "taro elsewhere": ({"tenant_id": cast.kawase.pk, "person_id": cast.taro.pk}, NONE),
            "moe": ({"tenant_id": momiji.pk, "person_id": people["moe"].pk}, _who("yamabuki")),
            "nonexistent": ({"tenant_id": cast.aoba.pk, "person_id": NOBODY}, NONE),
        },
        "person": people_of(
            ("sora", _who("hinode")),
            ("nao", _who("kawase")),
            ("taro", _who("aoba")),
            ("yui", _who("yamabuki")),
            ("aki", _who("tsubame")),
        ),
        "application": by_id("application_id", submitted=(submitted.pk, operator), draft=(draft.pk, NONE)),
        "check": {
            "submitted": ({"application_id": submitted.pk, "kind": "authority"}, operator),
            "draft": ({"application_id": draft.pk, "kind": "authority"}, NONE),
            "nonexistent": ({"application_id": NOBODY, "kind": "authority"}, NONE),
        },
        "partner": by_id(
            "tenant_id",
            hinode=(cast.hinode.pk, operator),
            kawase=(cast.kawase.pk, operator),
            customer=(momiji.pk, NONE),
        ),
        "provider": by_id("tenant_id", hinode=(cast.hinode.pk, operator), reseller=(cast.kawase.pk, NONE)),
        "capacity of partner": {
            "hinode": ({"tenant_id": cast.hinode.pk, "capacity": "provider"}, operator),
            "customer": ({"tenant_id": momiji.pk, "capacity": "reseller"}, NONE),
            "nonexistent": ({"tenant_id": NOBODY, "capacity": "reseller"}, NONE),
        },
        "older relationship": by_id("entry_id", one=(older.pk, operator)),
        "agreement": by_id("agreement_id", one=(agreement.pk, operator)),
        "agreement document link": {"forged": forged},
        "published agreement": by_id("agreement_id", one=(agreement.pk, ALL)),
        "country": {
            "open": ({"code": "JP"}, operator),
            "nonexistent": ({"code": "ZZ"}, NONE),
        },
        "web-mail domain": {
            "one": ({"entry_id": domain.pk}, operator),
            "removed by somebody else": ({"entry_id": 10**9}, operator),
        },
        "listed provider": by_id(
            "provider_id",
            hinode=(cast.hinode.pk, ALL),
            midori=(cast.midori.pk, ALL),
            reseller=(cast.kawase.pk, NONE),
            customer=(momiji.pk, NONE),
        ),
        "connector": by_id("connector_id", one=(task.connector_id, operator)),
        "fulfilment task": by_id("task_id", one=(task.pk, _who("tsubame"))),
        "call-back": {"of a task": ({"task_id": task.pk}, ALL), "of none": ({"task_id": NOBODY}, ALL)},
        **_events(cast),
        "mail": by_id("mail_id", one=(mail.pk, ALL)),
        "partner link": {
            "open": ({"token": token(Purpose.PARTNER_INVITATION, ours.pk)[0]}, ALL),
            "other purpose": ({"token": token(Purpose.RELATIONSHIP_INVITATION, ours.pk)[0]}, NONE),
            "forged": forged,
        },
        "relationship link": {
            "open": ({"token": token(Purpose.RELATIONSHIP_INVITATION, request.pk)[0]}, ALL),
            "other purpose": ({"token": token(Purpose.PARTNER_INVITATION, request.pk)[0]}, NONE),
            "forged": forged,
        },
        "contact link": {
            "open": ({"token": token(Purpose.CONTACT_VERIFICATION, proof.pk)[0]}, ALL),
            "other purpose": ({"token": token(Purpose.PARTNER_INVITATION, proof.pk)[0]}, NONE),
            "forged": forged,
        },
        "kind of file": {
            "invitations": ({"kind": "invitations"}, ALL),
            "nonexistent": ({"kind": "houses"}, NONE),
        },
        "template of file": {
            "invitations": ({"kind": "invitations", "form": "csv"}, ALL),
            "nonexistent": ({"kind": "houses", "form": "csv"}, NONE),
        },
        "file": by_id(
            "file_id", kawase=(file.pk, _who("kawase")), yamabuki=(other_file.pk, _who("yamabuki"))
        ),
        "failures of file": {
            "kawase": ({"file_id": file.pk, "form": "csv"}, _who("kawase")),
            "yamabuki": ({"file_id": other_file.pk, "form": "csv"}, _who("yamabuki")),
            "nonexistent": ({"file_id": NOBODY, "form": "csv"}, NONE),
        },
        "radar form": {
            "csv": ({"form": "csv"}, ALL),
            "ics": ({"form": "ics"}, ALL),
            "nonexistent": ({"form": "exe"}, NONE),
        },
        "wish made": by_id("wish_id", aoba=(wish.pk, _who("aoba")), momiji=(foreign_wish.pk, _who("momiji"))),
        "wish received": by_id(
            "wish_id", aoba=(wish.pk, _who("kawase")), momiji=(foreign_wish.pk, _who("yamabuki"))
        ),
        **counters(cast, momiji),
        **_sandboxes(cast),
        **programs(cast, ALL),
        "form": {
            "csv": ({"form": "csv"}, ALL),
            "xlsx": ({"form": "xlsx"}, ALL),
            "nonexistent": ({"form": "exe"}, NONE),
        },
        "factor": {
            **{
                name: (
                    {"pk": Authenticator.objects.get(user=people[name], type="totp").pk},
                    _who(f"person {name}"),
                )
                for name in ("emi", "kai", "mei")
            },
            "nonexistent": ({"pk": 10**9}, NONE),
        },
    }


def _sandboxes(cast: Cast) -> dict[str, Instances]:
    """Hinode and Yamabuki have one each; what is in it nobody else sees."""
    ours, theirs = (make_sandbox(actor_of(person)) for person in (cast.mei, cast.yui))
    mails = [
        OutgoingMail.objects.filter(family_id=made.sandbox.family_id).earliest("posted_at", "pk")
        for made in (ours, theirs)
    ]
    hinode, yamabuki = _who("hinode"), _who("yamabuki")
    return {
        "own sandbox": {"-": ({}, _who("hinode", "yamabuki"))},
        "person of sandbox": {
            "ours": ({"person_id": ours.accounts[0].person.pk}, hinode),
            "theirs": ({"person_id": theirs.accounts[0].person.pk}, yamabuki),
            "real": ({"person_id": cast.kai.pk}, NONE),
        },
        "mail of sandbox": {
            "ours": ({"mail_id": mails[0].pk}, hinode),
            "theirs": ({"mail_id": mails[1].pk}, yamabuki),
        },
    }


def _events(cast: Cast) -> dict[str, Instances]:
    """Kawase's program listens; it and a neighbour were told something."""
    listen_elsewhere(cast.kai)
    ours, theirs = told_to(cast.kawase), told_to(cast.yamabuki)
    return {
        "event": {
            "kawase": ({"event_id": ours.event_id}, _who("kawase")),
            "yamabuki": ({"event_id": theirs.event_id}, _who("yamabuki")),
            "nonexistent": ({"event_id": NOBODY}, NONE),
        },
        "certificate": {
            "one": ({"thumbprint": signing_key().thumbprint}, ALL),
            "nonexistent": ({"thumbprint": "0" * 64}, NONE),
        },
    }


def _wares(cast: Cast, momiji: Tenant) -> dict[str, Instances]:
    """What is sold in the world, and what has been sold."""
    shop = build_shop(cast)
    return {
        **shelves(cast, shop),
        **_subscriptions(cast, shop, momiji),
        **invoices(cast, NOBODY),
        **_users_and_seats(cast, shop, momiji),
    }


def _subscriptions(cast: Cast, shop: Shop, momiji: Tenant) -> dict[str, Instances]:
    """Kawase's customer's subscription, a neighbour's, and a transfer that Midori asks Hinode for."""
    ours = subscribed(cast, shop, cast.aoba)
    theirs = subscribed(cast, shop, momiji, provider=cast.midori, reseller=cast.yamabuki)
    transfer = Transfer.objects.create(
        tenant=cast.hinode,
        target=cast.midori,
        customer=cast.aoba,
        asked_by_id=cast.jun.pk,
        created_at=real_now(),
        expires_at=real_now() + DAY,
    )
    one: dict[str, Mapping[str, object]] = {
        "aoba": {"subscription_id": ours.pk},
        "momiji": {"subscription_id": theirs.pk},
        "nonexistent": {"subscription_id": NOBODY},
    }
    return {
        "subscription": {
            "aoba": (one["aoba"], _who("hinode", "kawase")),
            "momiji": (one["momiji"], _who("midori", "yamabuki")),
            "nonexistent": (one["nonexistent"], NONE),
        },
        "own subscription": {
            "aoba": (one["aoba"], _who("aoba")),
            "momiji": (one["momiji"], _who("momiji")),
            "nonexistent": (one["nonexistent"], NONE),
        },
        "transfer": {
            "open": ({"transfer_id": transfer.pk}, _who("hinode", "midori", "aoba")),
            "nonexistent": ({"transfer_id": NOBODY}, NONE),
        },
    }


def _devices(cast: Cast, momiji: Tenant) -> dict[str, Instances]:
    """Each partner's own list: another partner of the same customer sees nothing of it."""
    devices: Instances = {}
    policies: Instances = {}
    for label, keeper, customer in (("aoba", cast.kai, cast.aoba), ("momiji", cast.yui, momiji)):
        actor, seen_by = actor_of(keeper), _who(keeper.tenant.domain.split(".")[0])
        policy = create_policy(
            actor, customer_id=customer.pk, name="Office", description="", settings=[PolicySetting.SKIP_EULA]
        )
        given = {"serial_number": f"W-{label}", "manufacturer": "Tsubame", "model_name": "Wing 2"}
        brought = bring_device(
            actor, customer_id=customer.pk, batch_name="spring", given=given, policy_name=None
        )
        devices[label] = ({"customer_id": customer.pk, "device_id": brought.device.pk}, seen_by)
        policies[label] = ({"customer_id": customer.pk, "policy_id": policy.pk}, seen_by)
    return {
        "device": {
            **devices,
            "nonexistent": ({"customer_id": cast.aoba.pk, "device_id": NOBODY}, NONE),
        },
        "device policy": {
            **policies,
            "nonexistent": ({"customer_id": cast.aoba.pk, "policy_id": NOBODY}, NONE),
        },
        "file of customer": {
            "aoba": ({"customer_id": cast.aoba.pk, "form": "csv"}, _who("kawase", "hinode")),
            "momiji": ({"customer_id": momiji.pk, "form": "xlsx"}, _who("yamabuki", "midori")),
            "no such form": ({"customer_id": cast.aoba.pk, "form": "exe"}, NONE),
            "nonexistent": ({"customer_id": NOBODY, "form": "csv"}, NONE),
        },
    }


def _users_and_seats(cast: Cast, shop: Shop, momiji: Tenant) -> dict[str, Instances]:
    """What a partner with a grant sees of a customer's users and licences, and what the customer sees itself."""
    seats = shop.office
    gone, gone_here = hire(cast.aoba, "Gonzo"), hire(cast.kawase, "Goro")
    Person.objects.filter(pk__in=[gone.pk, gone_here.pk]).update(deleted_at=real_now())

    def of_customer(**more: object) -> Instances:
        rows: Instances = {
            "aoba": ({"customer_id": cast.aoba.pk, **more}, _who("kawase")),
            "no relationship": ({"customer_id": cast.kawase.pk, **more}, NONE),
            "nonexistent": ({"customer_id": NOBODY, **more}, NONE),
        }
        if not more or ("form" in more and "sku_id" not in more):
            rows["momiji"] = ({"customer_id": momiji.pk, **more}, _who("yamabuki"))
        return rows

    return {
        "administered customer": of_customer(),
        "file of administered customer": of_customer(form="csv"),
        "user of customer": of_customer(person_id=cast.taro.pk),
        "deleted user of customer": of_customer(person_id=gone.pk),
        "seats of customer": of_customer(sku_id=seats.pk),
        "file of seats of customer": of_customer(sku_id=seats.pk, form="xlsx"),
        "seats": {
            "office": ({"sku_id": seats.pk}, _who("aoba", "momiji")),
            "nonexistent": ({"sku_id": NOBODY}, NONE),
        },
        "file of seats": {
            "office": ({"sku_id": seats.pk, "form": "csv"}, _who("aoba", "momiji")),
            "nonexistent": ({"sku_id": NOBODY, "form": "csv"}, NONE),
        },
        "deleted person": {
            "gonzo": ({"person_id": gone.pk}, _who("aoba")),
            "goro": ({"person_id": gone_here.pk}, _who("kawase")),
            "nonexistent": ({"person_id": NOBODY}, NONE),
        },
    }
