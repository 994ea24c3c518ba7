"""Who works with whom: the provider's resellers, the reseller's providers, the customers that both serve."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, Permission
from toiya.core.reader import reader_name
from toiya.core.text import fold
from toiya.partnerships.ending import confirm_partnership, shared_customers
from toiya.partnerships.models import PartnerInvitation
from toiya.programme.countries import country_name
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.partnerships.presenting import invitation_row, role_names

RECENT_INVITATIONS = 20


def partnership_of(request: PersonRequest, partnership_id: uuid.UUID) -> Partnership:
    """A live partnership of the actor's organisation; to everybody else there is none (404)."""
    found = Partnership.objects.visible_to(request.actor).live().select_related("provider", "reseller")
    partnership = found.filter(pk=partnership_id).first()
    if partnership is None:
        raise NotVisible
    return partnership


def _resellers(actor: Actor, query: str) -> QuerySet[Partnership]:
    found = Partnership.objects.visible_to(actor).live().filter(provider_id=actor.tenant_id)
    if query:
        found = found.filter(reseller__search_key__contains=fold(query))
    return found.select_related("reseller")


def _access(actor: Actor, partnerships: Iterable[Partnership]) -> dict[uuid.UUID, list[AdministrationGrant]]:
    grants = defaultdict(list)
    pairs = {(partnership.provider_id, partnership.reseller_id) for partnership in partnerships}
    live = AdministrationGrant.objects.visible_to(actor).live(actor.now).filter(capacity=Capacity.PROVIDER)
    for grant in live.prefetch_related("roles").order_by("expires_at"):
        if (grant.grantee_id, grant.tenant_id) in pairs:
            grants[grant.tenant_id if grant.grantee_id == actor.tenant_id else grant.grantee_id].append(grant)
    return grants


def _rows(actor: Actor, partnerships: Iterable[Partnership], other: str) -> list[dict[str, Any]]:
    access = _access(actor, partnerships)
    return [
        {
            "partnership": partnership,
            "other": getattr(partnership, other),
            "location": country_name(getattr(partnership, other).country_id),
            "grants": access[getattr(partnership, other).pk],
        }
        for partnership in partnerships
    ]


def resellers(request: PersonRequest) -> HttpResponse:
    """The provider's page 間接リセラー (S-068), with the invitations that are under way."""
    actor, query = request.actor, request.GET.get("q", "").strip()
    page = page_by_key(
        _resellers(actor, query),
        fields=("reseller__sort_key", "id"),
        cursor=request.GET.get("after", ""),
    )
    invitations = PartnerInvitation.objects.visible_to(actor).select_related("inviter")
    context = {
        "query": query,
        "rows": _rows(actor, page.rows, "reseller"),
        "page": _pager(request, page.next_cursor, is_first=page.is_first),
        "invitations": [
            invitation_row(row, actor)
            for row in invitations.prefetch_related("sendings").order_by("-created_at", "id")[
                :RECENT_INVITATIONS
            ]
        ],
        "may_invite": actor.may(Permission.PARTNERSHIPS_INVITE),
        "may_end": actor.may(Permission.PARTNERSHIPS_END),
        "may_invite_both": actor.may(Permission.RELATIONSHIPS_INVITE_BOTH),
        "may_administer": actor.may(Permission.ADMINISTER_ON_BEHALF),
        "may_add_customer": actor.may(Permission.CUSTOMERS_ADD),
        "may_set_automatic": actor.may(Permission.AUTOMATIC_APPROVAL_SET),
    }
    return render(request, "partnerships/resellers.html", context)


def _pager(request: PersonRequest, following: str, *, is_first: bool) -> dict[str, str]:
    def address(**changed: str) -> str:
        asked = request.GET.copy()
        asked.pop("after", None)
        asked.update(changed)
        return f"?{asked.urlencode()}"

    return {
        "previous_url": "" if is_first else address(),
        "next_url": address(after=following) if following else "",
    }


def export_resellers(request: PersonRequest, form: str) -> HttpResponse:
    """All resellers that the search finds, as CSV or XLSX."""
    if form not in FORMATS:
        raise NotVisible
    found = _resellers(request.actor, request.GET.get("q", "").strip()).order_by("reseller__sort_key", "id")
    partnerships = list(found.prefetch_related("reseller__domains"))
    header = [
        _("Name"),
        _("Domain"),
        _("Location"),
        _("Partner since"),
        _("Administrator access"),
        _("Until"),
    ]
    rows = [
        (
            row["other"].name,
            row["other"].domain,
            row["location"],
            row["partnership"].since,
            role_names(row["grants"]),
            max((grant.expires_at for grant in row["grants"]), default=None),
        )
        for row in _rows(request.actor, partnerships, "reseller")
    ]
    return list_file(form, "indirect-resellers", header, rows)


def providers(request: PersonRequest) -> HttpResponse:
    """The reseller's page 間接プロバイダー (S-067, S-072)."""
    actor = request.actor
    found = Partnership.objects.visible_to(actor).live().filter(reseller_id=actor.tenant_id)
    partnerships = list(found.select_related("provider").order_by("provider__sort_key", "id"))
    context = {
        "rows": _rows(actor, partnerships, "provider"),
        "may_end": actor.may(Permission.PARTNERSHIPS_END),
        "may_invite_both": actor.may(Permission.RELATIONSHIPS_INVITE_BOTH),
    }
    return render(request, "partnerships/providers.html", context)


def customers(request: PersonRequest, partnership_id: uuid.UUID) -> HttpResponse:
    """The customers that both partners serve (S-073), and how many of one's own the other does not serve."""
    partnership = partnership_of(request, partnership_id)
    actor = request.actor
    is_provider = actor.tenant_id == partnership.provider_id
    own = ResellerRelationship.objects.visible_to(actor).live().filter(partner_id=actor.tenant_id)
    query = request.GET.get("q", "").strip()
    both = shared_customers(partnership)
    number = both.count()
    shown = both.filter(search_key__contains=fold(query)) if query else both
    page = page_by_key(shown, fields=("sort_key", "id"), cursor=request.GET.get("after", ""))
    since = dict(own.filter(customer__in=[row.pk for row in page.rows]).values_list("customer_id", "since"))
    context = {
        "partnership": partnership,
        "other": partnership.reseller if is_provider else partnership.provider,
        "is_provider": is_provider,
        "query": query,
        "number": number,
        "rows": [(customer, since[customer.pk]) for customer in page.rows],
        "page": _pager(request, page.next_cursor, is_first=page.is_first),
        "not_shared": own.count() - number,
        "may_invite_both": actor.may(Permission.RELATIONSHIPS_INVITE_BOTH),
    }
    return render(request, "partnerships/shared_customers.html", context)


@require_POST
def confirm(request: PersonRequest, partnership_id: uuid.UUID) -> HttpResponse:
    """The provider confirms a reseller that came by an open link (T-06)."""
    partnership = partnership_of(request, partnership_id)
    confirm_partnership(request.actor, partnership=partnership)
    messages.success(request, _("%(name)s is confirmed.") % {"name": reader_name(partnership.reseller)})
    return redirect("partnerships:resellers")
