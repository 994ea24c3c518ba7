"""Tables of the enrolment: the application, its immutable submissions, its checks and decisions."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.permissions import Capacity
from toiya.core.tenancy import SameTenant
from toiya.directory.models import Language, Person, Tenant
from toiya.membership.models import OrganizationProfile
from toiya.programme.models import Agreement


class State(models.TextChoices):
    """Where an application stands (requirements.md A.8)."""

    DRAFT = "draft", _("Draft")
    EMAIL_PENDING = "email_pending", _("Waiting for the primary contact")
    UNDER_REVIEW = "under_review", _("Under review")
    MORE_INFORMATION = "more_information", _("More information needed")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN_STATES = (State.DRAFT, State.EMAIL_PENDING, State.UNDER_REVIEW, State.MORE_INFORMATION)


class ApplicationQuerySet(models.QuerySet["Application"]):
    """Applications, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "ApplicationQuerySet":
        """The organisation's own; the operator sees all of its family that were submitted."""
        own = Q(tenant_id=actor.tenant_id)
        if Capacity.OPERATOR in actor.capacities:
            return self.filter(own | Q(submitted_at__isnull=False, tenant__family_id=actor.family_id))
        return self.filter(own)

    def open(self) -> "ApplicationQuerySet":
        """Those that are neither decided nor withdrawn."""
        return self.filter(state__in=OPEN_STATES)


class Application(models.Model):
    """A company asks to become an indirect reseller. One open application per tenant (S-023)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="applications")
    applicant = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    reference = models.CharField(max_length=20, blank=True)
    is_short = models.BooleanField(default=False)
    profile = models.ForeignKey(
        OrganizationProfile, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    legal_name = models.CharField(max_length=200, blank=True)
    reading = models.CharField(max_length=200, blank=True)
    latin_name = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=100, blank=True)
    city = models.CharField(max_length=100, blank=True)
    street = models.CharField(max_length=200, blank=True)
    contact_name = models.CharField(max_length=100, blank=True)
    contact_email = models.CharField(max_length=254, blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    contact_language = models.CharField(max_length=5, choices=Language.choices, default=Language.JAPANESE)
    support_website = models.CharField(max_length=200, blank=True)
    support_email = models.CharField(max_length=254, blank=True)
    support_phone = models.CharField(max_length=30, blank=True)
    prefilled = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="application_in_tenant"),
            UniqueConstraint(
                fields=["tenant"],
                condition=Q(state__in=[s.value for s in OPEN_STATES]),
                name="one_open_application",
            ),
            UniqueConstraint(fields=["reference"], condition=~Q(reference=""), name="reference_once"),
            SameTenant(parent="applicant", to="directory.Person", name="applicant_in_tenant"),
        ]


class Submission(models.Model):
    """What was submitted, word for word; never changed (S-037). ``changes``: against the prefilled values."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="submissions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    changes = models.JSONField()
    digest = models.CharField(max_length=64)
    submitted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["application", "number"], name="submission_number_once"),
            SameTenant(parent="application", to="enrolment.Application", name="submission_in_tenant"),
        ]


class Answer(models.TextChoices):
    """What the primary contact said."""

    CONFIRMED = "confirmed", _("Confirmed")
    DENIED = "denied", _("This was not us")


class ContactVerification(models.Model):
    """The mail to the primary contact and its answer; the link works once (S-040, S-041)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="verifications")
    email = models.CharField(max_length=254)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    domain_is_verified = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            SameTenant(parent="application", to="enrolment.Application", name="verification_in_tenant"),
        ]


class CheckKind(models.TextChoices):
    """The two things that the operator verifies, each on its own (S-018)."""

    ORGANIZATION = "organization", _("The organization has a record with the operator")
    AUTHORITY = "authority", _("The applicant may act for the organization")


class Check(models.Model):
    """The reviewer's decision on one check of one submission, with the evidence; a later one replaces it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="checks")
    kind = models.CharField(max_length=20, choices=CheckKind.choices)
    passed = models.BooleanField()
    evidence = models.TextField()
    submission_number = models.PositiveIntegerField()
    reviewer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["application", "kind"], name="one_check_of_a_kind"),
            SameTenant(parent="application", to="enrolment.Application", name="check_in_tenant"),
        ]


class StatusChange(models.Model):
    """Each state the application reached, and what was said; all are on the status page (S-043)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="status_changes")
    state = models.CharField(max_length=20, choices=State.choices)
    note = models.TextField(blank=True)
    reviewer = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    mailed_to = models.CharField(max_length=254, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            SameTenant(parent="application", to="enrolment.Application", name="status_in_tenant"),
        ]


class AgreementAcceptance(models.Model):
    """A version of an agreement, accepted for the organisation by a named person."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="agreement_acceptances")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "agreement"], name="agreement_accepted_once"),
            SameTenant(parent="person", to="directory.Person", name="acceptance_in_tenant"),
        ]
