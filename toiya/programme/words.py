"""The operator's own words, limits and rules."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.core.prepared import prepared
from toiya.programme.errors import ReviewDaysReversed
from toiya.programme.models import Programme

WORDS = (
    "name_ja",
    "name_en",
    "operator_name_ja",
    "operator_name_en",
    "membership_id_ja",
    "membership_id_en",
    "membership_site_ja",
    "membership_site_en",
    "support_email",
)
LIMITS = (
    "review_days_from",
    "review_days_to",
    "invitation_days",
    "grant_days",
    "mails_per_hour",
    "sandbox_partners",
    "sandbox_customers",
    "sandbox_subscriptions",
    "sandbox_licences",
    "payment_days",
)
RULES = ("one_channel_administers", "allows_password_flow", "orders_need_agreement")


@prepared
def _programmes() -> QuerySet[Programme]:
    return Programme.objects.order_by("pk")[:1]


def current_programme() -> Programme | None:
    """The programme of this installation; none before the operator was founded."""
    return next(iter(_programmes()), None)


@transaction.atomic
def update_programme(actor: Actor, *, settings: Mapping[str, str | int]) -> Programme:
    """The operator changes its words, limits or rules; invitations and grants that exist keep theirs."""
    actor.must(Permission.PROGRAMME_MANAGE)
    programme = Programme.objects.select_for_update().get()
    names = [name for name in (*WORDS, *LIMITS, *RULES) if name in settings]
    before = {name: getattr(programme, name) for name in names}
    changed = [name for name in names if before[name] != settings[name]]
    for name in changed:
        setattr(programme, name, settings[name])
    if programme.review_days_from > programme.review_days_to:
        raise ReviewDaysReversed(
            _("The review takes at most %(most)d days; that cannot be less than the least, %(least)d days.")
            % {"most": programme.review_days_to, "least": programme.review_days_from},
            field="review_days_to",
        )
    if changed:
        programme.save(update_fields=changed)
        record(
            actor,
            AuditAction.UPDATE_PROGRAMME,
            programme,
            tenant_id=actor.tenant_id,
            before={name: before[name] for name in changed},
            after={name: settings[name] for name in changed},
        )
    return programme
