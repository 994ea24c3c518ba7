"""The pages about users and licences stand in two places: under a customer, and in an organisation's own portal."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.permissions import DirectoryAction, Permission
from toiya.directory.models import Tenant
from toiya.licences.access import acts_in
from toiya.web.customers.views import customer_page
from toiya.web.http import PersonRequest


@dataclass(frozen=True, slots=True)
class Place:
    """Whose users and licences, what may be done here, and what the layout shows."""

    tenant: Tenant
    is_own: bool
    acts: frozenset[DirectoryAction]
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def layout(self) -> str:
        """The template around the page."""
        return "licences/_own.html" if self.is_own else "customers/_customer.html"

    def url(self, page: str, *args: object) -> str:
        """The address of a page in this place."""
        if self.is_own:
            return reverse(OWN.get(page, f"licences:own_{page}"), args=args)
        return reverse(CUSTOMERS.get(page, f"licences:{page}"), args=[self.tenant.pk, *args])

    @property
    def may_read(self) -> bool:
        """Whether there is anything to see."""
        return self.is_own or DirectoryAction.READ_PEOPLE in self.acts

    @property
    def may_assign(self) -> bool:
        """Whether licences can be assigned here."""
        return DirectoryAction.ASSIGN_LICENCES in self.acts

    @property
    def may_manage(self) -> bool:
        """Whether users can be added and changed here."""
        return DirectoryAction.MANAGE_PEOPLE in self.acts

    def user_url(self, actor: Actor, person_id: uuid.UUID) -> str:
        """The page of a user, for those who may open it."""
        return self.url("user", person_id) if not self.is_own or actor.may(Permission.PEOPLE_VIEW) else ""

    @property
    def more_url(self) -> str:
        """Where more licences come from."""
        if self.is_own:
            return reverse("organization:partners")
        return reverse("customers:services", args=[self.tenant.pk])


OWN = {
    "user": "organization:person",
    "add": "organization:add_person",
    "deleted": "organization:deleted_people",
}
CUSTOMERS = {"users": "customers:users", "pools": "customers:licences"}


def place_of(request: PersonRequest, customer_id: uuid.UUID | None, current: str) -> Place:
    """The customer's pages, or those of the own organisation. Raises NotVisible without a relationship."""
    actor = request.actor
    if customer_id is None:
        own = Tenant.objects.visible_to(actor).get(pk=actor.tenant_id)
        place = Place(own, is_own=True, acts=acts_in(actor, own.pk))
        place.context.update(
            tabs=[
                {"url": place.url(page), "label": label, "current": page == current}
                for page, label in (("pools", _("Licenses")), ("users", _("Users and licenses")))
            ]
        )
    else:
        page = customer_page(request, customer_id, {"pools": "licences"}.get(current, current))
        place = Place(page["customer"], is_own=False, acts=acts_in(actor, customer_id), context=page)
    place.context["place"] = place
    return place
