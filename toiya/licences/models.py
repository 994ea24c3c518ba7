"""Tables of licences: the pool of seats per customer and SKU, who uses one, and users that were deleted."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q, UniqueConstraint

from toiya.catalogue.models import Sku
from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.tenancy import SameTenant
from toiya.directory.models import Person, Tenant


class SeatPoolQuerySet(models.QuerySet["SeatPool"]):
    """Pools, fetched through the actor; partners come through their relations (licences/access.py)."""

    def visible_to(self, actor: Actor) -> "SeatPoolQuerySet":
        """The own organisation's."""
        return self.filter(tenant_id=actor.tenant_id)


class SeatPool(models.Model):
    """The seats of a SKU that a customer has from all its subscriptions together, and how many are assigned.

    ``seats`` are the quantities of live subscriptions, ``suspended`` the part of them that is suspended at the moment:
    whoever has a suspended seat keeps it, but no new one is given from it. Changed by conditional updates only.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="seat_pools")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    seats = models.PositiveIntegerField(default=0)
    suspended = models.PositiveIntegerField(default=0)
    assigned = models.PositiveIntegerField(default=0)

    objects = SeatPoolQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "sku"], name="one_pool_per_sku"),
            UniqueConstraint(fields=["tenant", "id"], name="pool_in_tenant"),
            models.CheckConstraint(condition=Q(assigned__lte=F("seats")), name="seats_never_oversold"),
            models.CheckConstraint(condition=Q(suspended__lte=F("seats")), name="suspended_seats_exist"),
        ]

    @property
    def free(self) -> int:
        """How many more users may be assigned now."""
        return max(self.seats - self.suspended - self.assigned, 0)


class LicenceQuerySet(models.QuerySet["Licence"]):
    """Licences, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "LicenceQuerySet":
        """The own organisation's."""
        return self.filter(tenant_id=actor.tenant_id)


class Licence(models.Model):
    """A user has a seat. ``disabled_plans`` are the codes of the SKU's service plans that are switched off for them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    pool = models.ForeignKey(SeatPool, on_delete=models.PROTECT, related_name="licences")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="licences")
    disabled_plans = models.JSONField(default=list)
    assigned_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = LicenceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["pool", "person"], name="one_licence_per_person"),
            UniqueConstraint(fields=["tenant", "id"], name="licence_in_tenant"),
            SameTenant(parent="pool", to="licences.SeatPool", name="licence_pool_in_tenant"),
            SameTenant(parent="person", to="directory.Person", name="licence_person_in_tenant"),
        ]


class FormerLicence(models.Model):
    """What a deleted user had; given back, as far as seats are free, if the user is restored in time (N-24)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="former_licences")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    disabled_plans = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["person", "sku"], name="former_licence_once"),
            SameTenant(parent="person", to="directory.Person", name="former_licence_in_tenant"),
        ]
