"""A partner changes its profile after approval; the same rules hold as in the enrolment (S-017, N-07)."""

from collections.abc import Mapping

from django.db import transaction

from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Language, Tenant
from toiya.directory.setup import set_language
from toiya.enrolment.details import Problems, Section, as_kept, problems_in
from toiya.enrolment.errors import IncompleteDetails
from toiya.membership.models import PartnerProfile
from toiya.membership.partner_profile import PROFILE_FIELDS, update_partner_profile


@transaction.atomic
def change_partner_profile(
    actor: Actor, *, version: int, values: Mapping[str, str], language: Language | None = None
) -> PartnerProfile:
    """Save what the partner typed, in the spelling in which it is kept; what it does not speak of stays as it is.

    ``language``: in which the operator writes to the organisation. Raises IncompleteDetails with a sentence for each
    field, and ProfileChanged.
    """
    actor.must(Permission.PARTNER_PROFILE_MANAGE)
    country = Tenant.objects.get(pk=actor.tenant_id).country_id
    kept: dict[str, str] = {}
    problems: Problems = {}
    for section in Section:
        answers = as_kept(section, values, country)
        kept |= answers
        problems |= problems_in(section, answers, country)
    named = [name for name in PROFILE_FIELDS if name in values]
    problems = {name: problem for name, problem in problems.items() if name in named}
    if problems:
        raise IncompleteDetails(problems)
    profile = update_partner_profile(actor, version=version, fields={name: kept[name] for name in named})
    if language is not None:
        set_language(actor, language=language)
    return profile
