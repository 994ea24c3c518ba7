"""A partner changes its profile after approval; the same rules hold as in the enrolment (S-017, N-07)."""

from collections.abc import Mapping

from django.db import transaction

from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.enrolment.details import Problems, Section, as_kept, problems_in
from toiya.enrolment.errors import IncompleteDetails
from toiya.membership.models import PartnerProfile
from toiya.membership.partner_profile import PROFILE_FIELDS, update_partner_profile


@transaction.atomic
def change_partner_profile(actor: Actor, *, version: int, values: Mapping[str, str]) -> PartnerProfile:
    """Save what the partner typed, in the spelling in which it is kept.

    Raises IncompleteDetails with a sentence for each field, and ProfileChanged.
    """
    actor.must(Permission.PARTNER_PROFILE_MANAGE)
    country = Tenant.objects.get(pk=actor.tenant_id).country_id
    kept: dict[str, str] = {}
    problems: Problems = {}
    for section in Section:
        answers = as_kept(section, values, country)
        kept |= answers
        problems |= problems_in(section, answers, country)
    problems = {name: problem for name, problem in problems.items() if name in PROFILE_FIELDS}
    if problems:
        raise IncompleteDetails(problems)
    return update_partner_profile(
        actor, version=version, fields={name: kept.get(name, "") for name in PROFILE_FIELDS}
    )
