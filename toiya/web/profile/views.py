"""The partner profile: who the partner is to the operator, and where its customers get help (S-017, N-07)."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.actor import Actor
from toiya.core.permissions import RULES, Capacity, Permission, Role
from toiya.directory.activity import Entry, read_entries
from toiya.directory.models import Tenant
from toiya.enrolment.errors import IncompleteDetails
from toiya.enrolment.partner_profile import change_partner_profile
from toiya.membership.errors import ProfileChanged, WebMailAddress
from toiya.membership.models import HoldingKind, OrganizationProfile, PartnerProfile
from toiya.membership.partner_profile import PROFILE_FIELDS
from toiya.orders.partner_billing import billing_of
from toiya.programme.countries import country_name
from toiya.web.activity.words import word
from toiya.web.http import PersonRequest
from toiya.web.profile.forms import CONTACT, LEGAL, SUPPORT, ProfileForm

SAVES_SHOWN = 20


def partner(request: PersonRequest) -> HttpResponse:
    """What the operator knows, with the membership IDs that moved here (S-016)."""
    actor = request.actor
    profile = PartnerProfile.objects.visible_to(actor).first()
    rule = RULES[Permission.PARTNER_PROFILE_MANAGE]
    context = {
        "profile": profile,
        "tenant": _tenant(actor),
        "country": country_name(_tenant(actor).country_id),
        "billing": billing_of(actor),
        "memberships": _memberships(actor),
        "may_change": actor.may(Permission.PARTNER_PROFILE_MANAGE),
        "who_may": ", ".join(str(role.label) for role in Role if role in rule.roles),
        "is_provider": Capacity.PROVIDER in actor.capacities | actor.suspended,
    }
    return render(request, "profile/partner.html", context)


def _tenant(actor: Actor) -> Tenant:
    return Tenant.objects.visible_to(actor).get(pk=actor.tenant_id)


def _memberships(actor: Actor) -> list[dict[str, object]]:
    rows = (
        OrganizationProfile.objects.visible_to(actor).prefetch_related("holdings").order_by("membership_id")
    )
    return [
        {
            "profile": row,
            "country": country_name(row.country_id),
            "kinds": [
                {"label": kind.label, "names": [h.name for h in row.holdings.all() if h.kind == kind]}
                for kind in HoldingKind
            ],
        }
        for row in rows
    ]


def edit(request: PersonRequest) -> HttpResponse:
    """Change it; when somebody else was quicker, say what they changed and keep what was typed."""
    actor = request.actor
    profile = PartnerProfile.objects.visible_to(actor).first()
    present = {name: getattr(profile, name) for name in PROFILE_FIELDS} if profile else {}
    initial = {**present, "version": profile.version if profile else 0}
    form = ProfileForm(
        request.POST if request.method == "POST" else None, initial=initial, country=_tenant(actor).country_id
    )
    if request.method != "POST":
        return _form_page(request, form, status=200)
    typed = request.POST.dict()
    version = int(typed["version"]) if typed.get("version", "").isdecimal() else 0
    try:
        change_partner_profile(actor, version=version, values=typed)
    except IncompleteDetails as refusal:
        form.refuse(refusal.problems)
        return _form_page(request, form, status=400)
    except WebMailAddress as refusal:
        form.add_error(refusal.field, str(refusal))
        return _form_page(request, form, status=400)
    except ProfileChanged:
        fresh = ProfileForm({**typed, "version": str(initial["version"])}, country=_tenant(actor).country_id)
        return _form_page(request, fresh, status=412, meanwhile=_saves_since(actor, version))
    messages.success(request, _("The profile was saved."))
    return HttpResponseRedirect(reverse("profile:partner"))


def _form_page(
    request: PersonRequest, form: ProfileForm, *, status: int, meanwhile: Sequence[Entry] = ()
) -> HttpResponse:
    def existing(names: tuple[str, ...]) -> list[object]:
        return [form[name] for name in names if name in form.fields]

    context = {
        "form": form,
        "meanwhile": meanwhile,
        "is_stale": status == ProfileChanged.status,
        "stale_message": ProfileChanged.message,
        "legal": existing(LEGAL),
        "contact": existing(CONTACT),
        "support": existing(SUPPORT),
    }
    return render(request, "profile/edit.html", context, status=status)


def _saves_since(actor: Actor, version: int) -> list[Entry]:
    """What was saved after the version that the writer had on the screen, the newest first."""
    rows = AuditRecord.objects.visible_to(actor).filter(
        tenant_id=actor.tenant_id,
        action=AuditAction.UPDATE_PARTNER_PROFILE,
        subject_id=str(actor.tenant_id),
        after__version__gt=version,
    )
    return read_entries(actor, list(rows.order_by("-pk")[:SAVES_SHOWN]), word)
