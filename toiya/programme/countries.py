"""Countries and regions in which the programme is open, with currency and sales region (N-44)."""

from babel import Locale
from babel.numbers import get_territory_currencies
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.programme.errors import UnknownCountry, UnknownCurrency
from toiya.programme.models import Country

CODE_LENGTH = 2
NOT_COUNTRIES = frozenset(
    {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "DG", "EA", "IC", "TA", "CQ"}
)


def _locale() -> Locale:
    return Locale("ja" if (get_language() or "en").startswith("ja") else "en")


def country_name(code: str) -> str:
    """The name of a country or region in the reader's language, or the code where it has none."""
    return str(_locale().territories.get(code, code))


def currency_name(code: str) -> str:
    """The name of a currency in the reader's language, or the code where it has none."""
    return str(_locale().currencies.get(code, code))


def language_name(code: str) -> str:
    """The name of a language in the reader's language, or the code where it has none."""
    return str(_locale().languages.get(code, code))


def known_countries() -> list[tuple[str, str]]:
    """Every country and region there is, as (code, name), by name."""
    codes = [str(code) for code in _locale().territories if code not in NOT_COUNTRIES]
    return by_name([code for code in codes if len(code) == CODE_LENGTH])


def by_name(codes: list[str]) -> list[tuple[str, str]]:
    """(code, name) in the reader's language, by name; codes for forms."""
    return sorted(((code, country_name(code)) for code in codes), key=lambda pair: pair[1])


def programme_countries() -> QuerySet[Country]:
    """Every country that the operator has set, open or closed."""
    return Country.objects.order_by("code")


def is_open(code: str) -> bool:
    """Whether the programme is open there now."""
    return Country.objects.filter(pk=code, is_open=True).exists()


def open_countries() -> list[tuple[str, str]]:
    """Countries in which a company may enrol now, as (code, name), by name."""
    return by_name(list(Country.objects.filter(is_open=True).values_list("code", flat=True)))


def usual_currency(code: str) -> str:
    """The currency that is legal tender there today; US dollar where none is known."""
    return next(iter(get_territory_currencies(code)), "USD")


@transaction.atomic
def set_country(
    actor: Actor, *, code: str, currency: str, sales_region: str, is_open: bool, tax_basis_points: int = 0
) -> Country:
    """The operator opens or closes a country, or changes its currency, region or tax (hundredths of a percent).

    Closing stops new enrolments and new consents; what stands goes on. Raises UnknownCountry, UnknownCurrency.
    """
    actor.must(Permission.PROGRAMME_MANAGE)
    if code not in dict(known_countries()):
        raise UnknownCountry(
            _("“%(code)s” is not the two-letter code of a country or region.") % {"code": code}, field="code"
        )
    if currency not in Locale("en").currencies:
        raise UnknownCurrency(
            _("“%(code)s” is not the three-letter code of a currency, like JPY.") % {"code": currency},
            field="currency",
        )
    former = Country.objects.select_for_update().filter(pk=code).first()
    after = {
        "currency": currency,
        "sales_region": sales_region,
        "is_open": is_open,
        "tax_basis_points": tax_basis_points,
    }
    before = {name: getattr(former, name) for name in after} if former else {}
    country, _created = Country.objects.update_or_create(code=code, defaults=after)
    if before != after:
        record(
            actor,
            AuditAction.UPDATE_COUNTRY,
            country,
            tenant_id=actor.tenant_id,
            before=before,
            after={"country": code, **after},
        )
    return country
