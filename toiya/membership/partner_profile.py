"""The partner profile after approval: legal profile, primary and support contact (S-017, N-07)."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.membership.errors import ProfileChanged, WebMailAddress
from toiya.membership.models import PartnerProfile
from toiya.programme.web_mail import web_mail_domain_of

PROFILE_FIELDS = (
    "legal_name",
    "postal_code",
    "region",
    "city",
    "street",
    "contact_name",
    "contact_email",
    "contact_phone",
    "support_website",
    "support_email",
    "support_phone",
)


@transaction.atomic
def update_partner_profile(actor: Actor, *, version: int, fields: Mapping[str, str]) -> PartnerProfile:
    """The partner tells the operator something new about itself; what it does not speak of stays as it is.

    ``version`` is the one that the writer saw; 0 when there was none. Raises ProfileChanged, WebMailAddress.
    """
    actor.must(Permission.PARTNER_PROFILE_MANAGE)
    tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id)
    listed = web_mail_domain_of(fields.get("contact_email", ""))
    if listed:
        raise WebMailAddress(
            _("“%(domain)s” is a web-based mail service. Enter an address of your company's own domain.")
            % {"domain": listed},
            field="contact_email",
        )
    values = {name: fields[name] for name in PROFILE_FIELDS if name in fields}
    former = PartnerProfile.objects.filter(pk=actor.tenant_id).first()
    before = {name: getattr(former, name) if former else "" for name in values}
    if former is None:
        PartnerProfile.objects.create(tenant=tenant, **{"legal_name": tenant.name, **values})
    elif not PartnerProfile.objects.filter(pk=actor.tenant_id, version=version).update(
        version=F("version") + 1, **values
    ):
        raise ProfileChanged
    profile = PartnerProfile.objects.get(pk=actor.tenant_id)
    changed = [name for name in values if before[name] != values[name]]
    record(
        actor,
        AuditAction.UPDATE_PARTNER_PROFILE,
        profile,
        tenant_id=actor.tenant_id,
        before={"version": version, **{name: before[name] for name in changed}},
        after={"version": profile.version, **{name: values[name] for name in changed}},
    )
    return profile
