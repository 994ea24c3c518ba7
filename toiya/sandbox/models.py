"""Whose sandbox a family is, and where its clock is going."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, UniqueConstraint

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.directory.models import Family, Tenant


class SandboxQuerySet(models.QuerySet["Sandbox"]):
    """Sandboxes, fetched through the actor."""

    def live(self) -> "SandboxQuerySet":
        """Those that have not been emptied or deleted."""
        return self.filter(closed_at__isnull=True)

    def visible_to(self, actor: Actor) -> "SandboxQuerySet":
        """The one of the actor's organisation, and the one that the actor's organisation lives in."""
        return self.filter(Q(tenant_id=actor.tenant_id) | Q(family_id=actor.family_id))


class Sandbox(models.Model):
    """A family that a real partner, ``tenant``, made for itself. An organisation has one at a time.

    ``moving_to``: the clock is on its way there, stopping wherever something falls due; ``runs_after`` says whether it
    runs on from there. A closed one is invisible, and the worker takes it down.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    family = models.OneToOneField(Family, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    made_by_id = models.UUIDField()
    moving_to = models.DateTimeField(null=True, blank=True)
    runs_after = models.BooleanField(default=False)
    leased_until = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = SandboxQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["tenant"], condition=Q(closed_at__isnull=True), name="one_sandbox_per_organization"
            ),
        ]
