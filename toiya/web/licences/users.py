"""Users of an organisation with their licences: the list, the selection, many at once, deleted ones."""

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Role
from toiya.directory.models import RESTORABLE, Person, PersonQuerySet
from toiya.licences.access import must_read
from toiya.licences.assignment import MOST_AT_ONCE, Outcome, change_licences
from toiya.licences.customer_users import may_change
from toiya.licences.deleted import deleted_users
from toiya.licences.errors import TooManyAtOnce
from toiya.licences.listing import chosen_users, holdings_of, pools_of, users_of
from toiya.relations.rights import roles_in
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.licences.forms import LicencesForm, UserSearchForm, ids
from toiya.web.licences.place import Place, place_of
from toiya.web.paging import cursor_of, pager_of


def users(request: PersonRequest, customer_id: uuid.UUID | None = None) -> HttpResponse:
    """Everybody with roles and licences, as far as the access reaches (S-103); without it, how to ask."""
    place = place_of(request, customer_id, "users")
    if not place.may_read:
        return render(request, "licences/no_access.html", place.context)
    form, people = _found(request, place)
    page = page_by_key(people, fields=("name", "id"), cursor=cursor_of(request))
    chosen = _selection(request, place)
    context = {
        **place.context,
        **_tabs(request, place, "users"),
        "form": form,
        "rows": [_row(request, place, person, chosen) for person in page.rows],
        "pager": pager_of(request, page),
        "selected": len(chosen),
        "is_filtered": any(form.filters().values()),
        "exports": [(kind, f"{place.url('users_export', kind)}?{_query(request)}") for kind in FORMATS],
        "urls": {name: place.url(name) for name in ("select", "users", "add")},
    }
    return render(request, "licences/users.html", context)


def _found(request: PersonRequest, place: Place) -> tuple[UserSearchForm, PersonQuerySet]:
    actor, tenant_id = request.actor, place.tenant.pk
    form = UserSearchForm(request.GET or None, pools=list(pools_of(actor, tenant_id=tenant_id)))
    return form, users_of(actor, tenant_id=tenant_id, **form.filters())


def _query(request: PersonRequest) -> str:
    return urlencode(
        {key: value for key, value in request.GET.items() if key in {"q", "licence", "role", "state"}}
    )


def _row(request: PersonRequest, place: Place, person: Person, chosen: set[str]) -> dict[str, object]:
    return {
        "person": person,
        "url": place.user_url(request.actor, person.pk),
        "roles": [role for role in Role if role in person.roles],
        "products": [licence.pool.sku.name for licence in person.licences.all()],
        "is_chosen": str(person.pk) in chosen,
    }


def _tabs(request: PersonRequest, place: Place, current: str) -> dict[str, Any]:
    """[ユーザー] and [削除したユーザー] with the number (N-24); the own organisation has them in user management."""
    if place.is_own:
        return {}
    deleted = deleted_users(request.actor, tenant_id=place.tenant.pk).count()
    return {
        "user_tabs": [
            {"url": place.url("users"), "label": _("Users"), "current": current == "users"},
            {
                "url": place.url("deleted"),
                "label": _("Deleted users"),
                "count": deleted,
                "current": current == "deleted",
            },
        ]
    }


def users_export(request: PersonRequest, form: str, customer_id: uuid.UUID | None = None) -> HttpResponse:
    """The list as a file, with the filters of the page."""
    if form not in FORMATS:
        raise NotVisible
    place = place_of(request, customer_id, "users")
    _form, people = _found(request, place)
    header = [_("Name"), _("User name"), _("Email address"), _("Roles"), _("Licenses"), _("State")]
    lines: Iterable[list[Cell]] = (
        [
            person.name,
            person.user_name,
            person.contact_email,
            ", ".join(str(role.label) for role in Role if role in person.roles),
            ", ".join(licence.pool.sku.name for licence in person.licences.all()),
            _("Active") if person.is_active else _("Disabled"),
        ]
        for person in people.order_by("name", "id")
    )
    return list_file(form, "users", header, lines)


# ---------------------------------------------------------------- many at once
def _key(place: Place) -> str:
    return f"selected-users:{place.tenant.pk}"


def _selection(request: PersonRequest, place: Place) -> set[str]:
    """Who is ticked, on all pages of the list together; kept with the session."""
    return set(request.session.get(_key(place), ()))


def select(request: PersonRequest, customer_id: uuid.UUID | None = None) -> HttpResponse:
    """Remember who is ticked on this page, and go on to the next one or to the licences."""
    place = place_of(request, customer_id, "users")
    must_read(request.actor, place.tenant.pk)
    shown = {str(value) for value in ids(request.POST.getlist("shown"))}
    ticked = {str(value) for value in ids(request.POST.getlist("person"))}
    chosen = _selection(request, place) - shown | ticked
    onwards = request.POST.get("go", "")
    if len(chosen) > MOST_AT_ONCE:
        messages.error(request, str(TooManyAtOnce(found=len(chosen), limit=MOST_AT_ONCE)))
        return HttpResponseRedirect(place.url("users"))
    request.session[_key(place)] = [] if onwards == "clear" else sorted(chosen)
    if onwards == "licences":
        return HttpResponseRedirect(place.url("many"))
    page = onwards if onwards.startswith("?") else ""
    return HttpResponseRedirect(f"{place.url('users')}{page}")


def many(request: PersonRequest, customer_id: uuid.UUID | None = None) -> HttpResponse:
    """The same choices for everybody who is selected, and what came of it for each (N-26)."""
    place = place_of(request, customer_id, "users")
    people = list(
        chosen_users(
            request.actor, tenant_id=place.tenant.pk, person_ids=ids(sorted(_selection(request, place)))
        )
    )
    selected = holdings_of(
        request.actor, tenant_id=place.tenant.pk, person_ids=[person.pk for person in people]
    )
    form = LicencesForm(request.POST if request.method == "POST" else None, selected=selected)
    context = {**place.context, "people": people, "form": form, "urls": {"users": place.url("users")}}
    if request.method == "POST" and form.is_valid():
        if form.choices and people:
            outcomes = change_licences(
                request.actor,
                tenant_id=place.tenant.pk,
                person_ids=[person.pk for person in people],
                choices=form.choices,
            )
            return render(request, "licences/result.html", {**context, **_result(request, place, outcomes)})
        form.add_error(None, _("Choose for at least one product what is to be done."))
    status = 400 if form.is_bound else 200
    return render(request, "licences/many.html", context, status=status)


def _result(request: PersonRequest, place: Place, outcomes: list[Outcome]) -> dict[str, object]:
    return {
        "outcomes": [
            {"outcome": outcome, "url": place.user_url(request.actor, outcome.person.pk)}
            for outcome in outcomes
        ],
        "succeeded": sum(outcome.done is not None for outcome in outcomes),
        "failed": sum(outcome.done is None for outcome in outcomes),
        "again_url": place.url("many"),
    }


# ---------------------------------------------------------------- deleted ones
def deleted(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Who was deleted within the last 30 days, and can be brought back with the licences of before (N-24)."""
    place = place_of(request, customer_id, "users")
    gone = deleted_users(request.actor, tenant_id=place.tenant.pk).prefetch_related(
        "role_assignments", "former_licences__sku"
    )
    page = page_by_key(gone, fields=("name", "id"), cursor=cursor_of(request))
    context = {
        **place.context,
        **_tabs(request, place, "deleted"),
        "rows": deleted_rows(page.rows),
        "may_restore": place.may_manage,
        "pager": pager_of(request, page),
    }
    lent = roles_in(request.actor, customer_id)
    for row in context["rows"]:
        person = row["person"]
        row["url"] = place.url("user_restore", person.pk)
        row["reachable"] = may_change(person, lent)["manage"]
    return render(request, "licences/deleted.html", context)


def deleted_rows(people: Iterable[Person]) -> list[dict[str, Any]]:
    """Deleted people with the last moment at which they can be restored."""
    return [
        {
            "person": person,
            "until": person.deleted_at + RESTORABLE if person.deleted_at else None,
            "products": [former.sku.name for former in person.former_licences.all()],
        }
        for person in people
    ]
