"""How logins and organisation profiles come into the membership site: brought over from the operator's
records.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import transaction

from toiya.directory.models import Family, Tenant
from toiya.membership.models import Holding, HoldingKind, MembershipLogin, OrganizationProfile

PROFILE_FIELDS = (
    "membership_id",
    "name",
    "reading",
    "latin_name",
    "postal_code",
    "region",
    "city",
    "street",
    "phone",
    "inactive_since",
)


@dataclass(frozen=True, slots=True)
class HoldingDetails:
    """A benefit, incentive or competency of an organisation."""

    kind: HoldingKind
    name_ja: str
    name_en: str


@dataclass(frozen=True, slots=True)
class ProfileDetails:
    """An organisation as the membership records have it."""

    membership_id: str
    name: str
    country: str
    reading: str = ""
    latin_name: str = ""
    postal_code: str = ""
    region: str = ""
    city: str = ""
    street: str = ""
    phone: str = ""
    inactive_since: dt.date | None = None
    holdings: Sequence[HoldingDetails] = ()


@transaction.atomic
def register_profile(
    *, details: ProfileDetails, owner: Tenant, sandbox: Family | None
) -> OrganizationProfile:
    """An organisation that has moved to its dashboard account already; a made-up one stays in its sandbox."""
    known = {name: getattr(details, name) for name in PROFILE_FIELDS}
    return OrganizationProfile.objects.create(
        **known, country_id=details.country, owner=owner, sandbox=sandbox
    )


@transaction.atomic
def register_membership(
    *, user_name: str, password: str, name: str, profiles: Sequence[ProfileDetails]
) -> MembershipLogin:
    """A login of the membership site and the organisations that it administers."""
    login = MembershipLogin.objects.create(
        user_name=user_name.lower(), password=make_password(password), name=name
    )
    for details in profiles:
        known = {name: getattr(details, name) for name in PROFILE_FIELDS}
        profile = OrganizationProfile.objects.create(**known, country_id=details.country)
        profile.administrators.add(login)
        Holding.objects.bulk_create(
            Holding(profile=profile, kind=held.kind, name_ja=held.name_ja, name_en=held.name_en)
            for held in details.holdings
        )
    return login
