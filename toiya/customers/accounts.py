"""The invited customer has no work account yet, and makes one on the spot (Q-12, S-025)."""

import datetime as dt

from django.db import transaction

from toiya.customers.answers import open_link
from toiya.directory.models import Tenant
from toiya.directory.tenants import FirstAdministrator, create_tenant
from toiya.requests.limits import take

ACCOUNTS_PER_LINK = 5


@transaction.atomic
def create_invited_tenant(
    *,
    token: str,
    name: str,
    reading: str,
    latin_name: str,
    domain: str,
    country: str,
    language: str,
    administrator: FirstAdministrator,
) -> Tenant:
    """A new organisation in the inviter's family, with its first global administrator; nothing is agreed by
    it.

    Raises InvalidLink, what the link's invitation refuses, DomainTaken, and TooManyAttempts for a link that
    has made several accounts today.
    """
    opened = open_link(token)
    if opened.obstacle is not None:
        raise opened.obstacle
    take("invited_account", token, limit=ACCOUNTS_PER_LINK, per=dt.timedelta(days=1))
    return create_tenant(
        family=opened.invitation.tenant.family,
        name=name,
        reading=reading,
        latin_name=latin_name,
        domain=domain,
        country=country,
        language=language,
        administrator=administrator,
    )
