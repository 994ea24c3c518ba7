"""Money is exact: minor units of a currency, unit prices as an integer with a scale, and one way to round.

Rule: design.md 9. No float anywhere; a price may be finer than the currency's smallest coin, an amount never is.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_precision
from django.utils.translation import gettext_lazy as _

from toiya.core.errors import Refusal

HIGHEST_SCALE = 6
HIGHEST_UNITS = 10**15
BASIS_POINTS = 10_000


class WrongPrice(Refusal):
    """What was typed is no price: not a number, negative, too large, or finer than six decimals."""

    code = "wrong_price"
    status = 400
    message = _("Enter a price like 1250 or 12.50: not negative, with at most six decimals.")


class DifferentCurrencies(Refusal):
    """Amounts of two currencies are never added or compared."""

    code = "different_currencies"
    message = _("These amounts are in different currencies.")


@functools.cache
def minor_digits(currency: str) -> int:
    """Decimals of the currency's smallest unit: 0 for JPY, 2 for USD, 3 for KWD (ISO 4217, as CLDR has it)."""
    return int(get_currency_precision(currency))


def divide_half_up(numerator: int, denominator: int) -> int:
    """Rounded to the nearest integer, halves away from zero; the denominator is positive."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def percent_of(basis_points: int) -> Decimal:
    """A rate of hundredths of a percent as people write it: 10, 8.5."""
    return Decimal(f"{(Decimal(basis_points) / 100).normalize():f}")


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units of its currency."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise DifferentCurrencies
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + Money(-other.minor, other.currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in the currency's major unit, exactly."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price of one unit: ``units`` × 10^-``scale`` in the currency's major unit."""

    units: int
    scale: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        """The price in the currency's major unit, exactly."""
        return Decimal(self.units).scaleb(-self.scale)

    def times(self, quantity: int) -> Money:
        """What so many units cost, rounded once to the currency's minor unit."""
        digits = minor_digits(self.currency)
        return Money(divide_half_up(self.units * quantity * 10**digits, 10**self.scale), self.currency)

    def changed_by(self, basis_points: int) -> "UnitPrice":
        """Dearer (or cheaper) by so many hundredths of a percent, rounded to six decimals of the major unit."""
        finer = self.units * 10 ** (HIGHEST_SCALE - self.scale)
        units = divide_half_up(finer * (BASIS_POINTS + basis_points), BASIS_POINTS)
        return _shortest(units, HIGHEST_SCALE, self.currency)

    def converted(self, rate_units: int, rate_scale: int, currency: str) -> "UnitPrice":
        """In another currency at a dated rate, rounded to six decimals of its major unit."""
        finer = self.units * 10 ** (HIGHEST_SCALE - self.scale)
        return _shortest(divide_half_up(finer * rate_units, 10**rate_scale), HIGHEST_SCALE, currency)


def _shortest(units: int, scale: int, currency: str) -> UnitPrice:
    least = min(minor_digits(currency), scale)
    while scale > least and units % 10 == 0:
        units, scale = units // 10, scale - 1
    return UnitPrice(units, scale, currency)


def read_price(text: str, currency: str) -> UnitPrice:
    """The price that somebody typed or a file holds, in the major unit. Raises WrongPrice."""
    try:
        value = Decimal(text.strip().replace(",", ""))
    except InvalidOperation as error:
        raise WrongPrice from error
    # What is too large for the decimal context is refused before it is rounded in it.
    if not value.is_finite() or not 0 <= value <= HIGHEST_UNITS or value != round(value, HIGHEST_SCALE):
        raise WrongPrice
    units = int(value.scaleb(HIGHEST_SCALE))
    if units > HIGHEST_UNITS:
        raise WrongPrice
    return _shortest(units, HIGHEST_SCALE, currency)


def shares(total: int, weights: Sequence[int]) -> Iterator[int]:
    """The parts of a whole by weight: differences of rounded cumulative sums, so that they always add up."""
    whole = sum(weights)
    reached = given = 0
    for weight in weights:
        reached += weight
        upto = divide_half_up(total * reached, whole) if whole else 0
        yield upto - given
        given = upto
