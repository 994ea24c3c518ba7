"""Tables of the membership site (profiles, logins) and of what a partner tells about itself."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, UniqueConstraint
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.permissions import Capacity
from toiya.directory.models import Family, Suspension, Tenant
from toiya.programme.models import Country, in_language


class MembershipLogin(models.Model):
    """Credentials of the membership site; they are not a work account."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user_name = models.CharField(max_length=254)
    password = models.CharField(max_length=200)
    name = models.CharField(max_length=100)

    class Meta:
        constraints: ClassVar = [UniqueConstraint(Lower("user_name"), name="membership_user_name_once")]

    def __str__(self) -> str:
        return self.user_name


class MembershipSession(models.Model):
    """A signed-in membership login; its id stands in a cookie of its own (real time)."""

    token_digest = models.CharField(max_length=64, unique=True)
    login = models.ForeignKey(MembershipLogin, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()


class OrganizationProfileQuerySet(models.QuerySet["OrganizationProfile"]):
    """Organisation profiles, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "OrganizationProfileQuerySet":
        """Those that moved to the actor's dashboard account (S-016, S-032)."""
        return self.filter(owner_id=actor.tenant_id)


class OrganizationProfile(models.Model):
    """An organisation in the membership site. On approval it moves to the dashboard account, for good (S-032).

    ``sandbox``: it was made up there; the membership IDs of a sandbox are no real ones.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership_id = models.CharField(max_length=20)
    sandbox = models.ForeignKey(Family, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=200)
    reading = models.CharField(max_length=200, blank=True)
    latin_name = models.CharField(max_length=200, blank=True)
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="+")
    postal_code = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=100, blank=True)
    city = models.CharField(max_length=100, blank=True)
    street = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    inactive_since = models.DateField(null=True, blank=True)
    owner = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="organization_profiles"
    )
    administrators = models.ManyToManyField(MembershipLogin, related_name="profiles")

    objects = OrganizationProfileQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["membership_id"], condition=Q(sandbox__isnull=True), name="membership_id_once"
            ),
            UniqueConstraint(fields=["sandbox", "membership_id"], name="membership_id_once_per_sandbox"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.name}"

    @property
    def is_active(self) -> bool:
        """Whether the membership is current (S-034)."""
        return self.inactive_since is None


class HoldingKind(models.TextChoices):
    """What hangs on a membership ID."""

    BENEFIT = "benefit", _("Membership benefit")
    INCENTIVE = "incentive", _("Incentive")
    COMPETENCY = "competency", _("Competency")


class Holding(models.Model):
    """A benefit, incentive or competency linked to an organisation profile."""

    profile = models.ForeignKey(OrganizationProfile, on_delete=models.CASCADE, related_name="holdings")
    kind = models.CharField(max_length=12, choices=HoldingKind.choices)
    name_ja = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return in_language(self.name_ja, self.name_en)


class PartnerProfileQuerySet(models.QuerySet["PartnerProfile"]):
    """Partner profiles, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "PartnerProfileQuerySet":
        """The one of the actor's own organisation."""
        return self.filter(tenant_id=actor.tenant_id)


class PartnerProfile(models.Model):
    """What a partner told the operator: legal profile, primary contact, support contact (N-07)."""

    tenant = models.OneToOneField(
        Tenant, on_delete=models.CASCADE, primary_key=True, related_name="partner_profile"
    )
    legal_name = models.CharField(max_length=200)
    postal_code = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=100, blank=True)
    city = models.CharField(max_length=100, blank=True)
    street = models.CharField(max_length=200, blank=True)
    contact_name = models.CharField(max_length=100)
    contact_email = models.EmailField()
    contact_phone = models.CharField(max_length=30)
    support_website = models.URLField(blank=True)
    support_email = models.EmailField(blank=True)
    support_phone = models.CharField(max_length=30, blank=True)
    tax_number = models.CharField(max_length=30, blank=True)
    is_tax_exempt = models.BooleanField(default=False)
    tax_exempt_since = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = PartnerProfileQuerySet.as_manager()


class PartnerBillingQuerySet(models.QuerySet["PartnerBilling"]):
    """Billing data of partners, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "PartnerBillingQuerySet":
        """Those of the actor's own organisation."""
        return self.filter(tenant_id=actor.tenant_id)


class PartnerBilling(models.Model):
    """Where the invoices to a partner go, and under which order number of its own. Without this row: to its legal
    address.
    """

    tenant = models.OneToOneField(
        Tenant, on_delete=models.CASCADE, primary_key=True, related_name="partner_billing"
    )
    billing_name = models.CharField(max_length=200)
    postal_code = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=100, blank=True)
    city = models.CharField(max_length=100, blank=True)
    street = models.CharField(max_length=200, blank=True)
    contact_name = models.CharField(max_length=100, blank=True)
    contact_email = models.CharField(max_length=254, blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    purchase_order_number = models.CharField(max_length=50, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = PartnerBillingQuerySet.as_manager()


class ProviderEntryQuerySet(models.QuerySet["ProviderEntry"]):
    """Entries of the provider directory."""

    def listed(self, actor: Actor | None = None) -> "ProviderEntryQuerySet":
        """Approved providers that are not suspended (S-007): those of the reader's family, or the real ones."""
        real = Q(tenant__family__is_sandbox=False)
        return self.filter(
            Q(tenant__family_id=actor.family_id) if actor is not None and actor.in_sandbox else real,
            approved_at__isnull=False,
            tenant__tenant_capacities__capacity="provider",
        ).exclude(
            tenant__suspensions__in=Suspension.objects.filter(capacity="provider", lifted_at__isnull=True)
        )

    def visible_to(self, actor: Actor) -> "ProviderEntryQuerySet":
        """The actor's own; the operator sees all of them, because it approves them (C-18)."""
        if Capacity.OPERATOR in actor.capacities:
            return self.filter(tenant__family_id=actor.family_id)
        return self.filter(tenant_id=actor.tenant_id)


def websites_in(lines: str) -> dict[str, str]:
    """Country codes and addresses, of the text in which they are kept."""
    pairs = (line.partition(" ") for line in lines.splitlines())
    return {code: url for code, _space, url in pairs}


class ProviderEntry(models.Model):
    """A provider's entry in the public directory: what a reseller compares (S-005, S-006).

    The columns are what the public sees. What the provider wrote waits in ``proposed`` for the operator. ``logo`` is a
    PNG picture in base64 (``logos``); ``websites`` are those for one country, code and address, a line each (N-09).
    """

    tenant = models.OneToOneField(
        Tenant, on_delete=models.CASCADE, primary_key=True, related_name="provider_entry"
    )
    summary_ja = models.TextField(blank=True)
    summary_en = models.TextField(blank=True)
    logo = models.TextField(blank=True)
    website = models.URLField()
    websites = models.TextField(blank=True)
    contact_email = models.EmailField()
    contact_phone = models.CharField(max_length=30)
    languages = models.CharField(max_length=40, default="ja,en")
    support_hours_ja = models.CharField(max_length=200, blank=True)
    support_hours_en = models.CharField(max_length=200, blank=True)
    technical_support = models.BooleanField(default=False)
    technical_support_ja = models.CharField(max_length=300, blank=True)
    technical_support_en = models.CharField(max_length=300, blank=True)
    marketing_help = models.BooleanField(default=False)
    marketing_help_ja = models.CharField(max_length=300, blank=True)
    marketing_help_en = models.CharField(max_length=300, blank=True)
    financing = models.BooleanField(default=False)
    financing_ja = models.CharField(max_length=300, blank=True)
    financing_en = models.CharField(max_length=300, blank=True)
    onboarding_days = models.PositiveSmallIntegerField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    proposed = models.JSONField(default=dict, blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True)
    review_note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    countries = models.ManyToManyField(Country, related_name="+")

    objects = ProviderEntryQuerySet.as_manager()

    @property
    def website_of(self) -> dict[str, str]:
        """The websites for one country, by its code."""
        return websites_in(self.websites)

    @property
    def summary(self) -> str:
        """The summary in the reader's language."""
        return in_language(self.summary_ja, self.summary_en)

    @property
    def support_hours(self) -> str:
        """When support answers, in the reader's language."""
        return in_language(self.support_hours_ja, self.support_hours_en)

    @property
    def technical_support_text(self) -> str:
        """What technical support and training there is."""
        return in_language(self.technical_support_ja, self.technical_support_en)

    @property
    def marketing_help_text(self) -> str:
        """What help with marketing there is."""
        return in_language(self.marketing_help_ja, self.marketing_help_en)

    @property
    def financing_text(self) -> str:
        """What financing or credit terms there are."""
        return in_language(self.financing_ja, self.financing_en)

    @property
    def language_codes(self) -> list[str]:
        """The languages in which the provider serves its resellers."""
        return [code for code in self.languages.split(",") if code]
