"""Tables of the operator's settings. They belong to the installation, not to a tenant."""

import datetime as dt
from typing import ClassVar
from zoneinfo import ZoneInfo

from babel.core import get_global
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from toiya.core.ids import new_id


def in_language(japanese: str, english: str, language: str = "") -> str:
    """The text in the reader's language, or in the one that is given, or in the other one where it is missing."""
    is_japanese = (language or get_language() or "en").startswith("ja")
    first, second = (japanese, english) if is_japanese else (english, japanese)
    return first or second


class Programme(models.Model):
    """The operator's own words and limits. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name_ja = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    operator_name_ja = models.CharField(max_length=100)
    operator_name_en = models.CharField(max_length=100)
    membership_id_ja = models.CharField(max_length=60)
    membership_id_en = models.CharField(max_length=60)
    membership_site_ja = models.CharField(max_length=60)
    membership_site_en = models.CharField(max_length=60)
    support_email = models.EmailField()
    review_days_from = models.PositiveSmallIntegerField(default=2)
    review_days_to = models.PositiveSmallIntegerField(default=5)
    invitation_days = models.PositiveSmallIntegerField(default=30)
    grant_days = models.PositiveSmallIntegerField(default=365)
    mails_per_hour = models.PositiveIntegerField(default=50)
    payment_days = models.PositiveSmallIntegerField(default=60)
    one_channel_administers = models.BooleanField(default=False)
    allows_password_flow = models.BooleanField(default=False)
    orders_need_agreement = models.BooleanField(default=True)
    sandbox_partners = models.PositiveIntegerField(default=25)
    sandbox_customers = models.PositiveIntegerField(default=500)
    sandbox_subscriptions = models.PositiveIntegerField(default=100)
    sandbox_licences = models.PositiveIntegerField(default=1000)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="one_programme"),
            models.CheckConstraint(
                condition=models.Q(invitation_days__range=(1, 90)), name="invitations_lapse"
            ),
            models.CheckConstraint(condition=models.Q(grant_days__range=(1, 730)), name="grants_expire"),
            models.CheckConstraint(
                condition=models.Q(payment_days__range=(0, 365)), name="invoices_fall_due"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The programme's name in the reader's language."""
        return in_language(self.name_ja, self.name_en)

    @property
    def operator_name(self) -> str:
        """The operator's name in the reader's language."""
        return in_language(self.operator_name_ja, self.operator_name_en)

    @property
    def membership_id(self) -> str:
        """What the operator calls the membership ID."""
        return in_language(self.membership_id_ja, self.membership_id_en)

    @property
    def membership_site(self) -> str:
        """What the operator calls the membership site."""
        return in_language(self.membership_site_ja, self.membership_site_en)


# Where a country has several zones, the one in which most of its people do business.
BUSIEST_ZONE = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "US": "America/New_York",
}


class Country(models.Model):
    """A country or region of the programme; it decides the currency and the sales region (N-44).

    ``time_zone`` is where its terms begin and end; empty: the country's usual one. ``tax_basis_points`` is the
    consumption tax or VAT on what the operator charges a provider there, in hundredths of a percent.
    """

    code = models.CharField(max_length=2, primary_key=True)
    currency = models.CharField(max_length=3)
    sales_region = models.CharField(max_length=40)
    time_zone = models.CharField(max_length=40, blank=True)
    is_open = models.BooleanField(default=True)
    tax_basis_points = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.code

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of its local dates; UTC where nothing is known."""
        known = get_global("territory_zones").get(self.code) or ["UTC"]
        return ZoneInfo(self.time_zone or BUSIEST_ZONE.get(self.code) or known[0])

    def local_date(self, now: dt.datetime) -> dt.date:
        """The date there at an instant."""
        return now.astimezone(self.zone).date()

    def midnight(self, day: dt.date) -> dt.datetime:
        """The instant at which the day begins there, in UTC."""
        return dt.datetime.combine(day, dt.time(), self.zone).astimezone(dt.UTC)


class WebMailDomain(models.Model):
    """A domain of a web-based mail service; no primary contact may have an address in or below it (S-039)."""

    name = models.CharField(max_length=253)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("name"), name="web_mail_domain_once")]

    def __str__(self) -> str:
        return self.name


class AgreementKind(models.TextChoices):
    """The agreements of the programme."""

    RESELLER = "reseller", _("Indirect reseller agreement")
    CUSTOMER = "customer", _("Customer agreement")


class Agreement(models.Model):
    """One published version of an agreement. Versions are never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=20, choices=AgreementKind.choices)
    version = models.PositiveIntegerField()
    title_ja = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    text_ja = models.TextField()
    text_en = models.TextField()
    published_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "version"], name="agreement_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"

    @property
    def title(self) -> str:
        """The title in the reader's language."""
        return in_language(self.title_ja, self.title_en)

    @property
    def text(self) -> str:
        """The text in the reader's language."""
        return in_language(self.text_ja, self.text_en)
