"""Countries that ask for a customer's number in their register of organisations, and for a phone number with it."""

import re

from toiya.customers.errors import (
    PhoneMissing,
    RegistrationNumberMalformed,
    RegistrationNumberMissing,
    RegistrationNumberUnsupported,
)

ASKING = frozenset(
    "AE AM AZ BR BY HU IN IQ KG KZ MD MM PL RU SA SS TH TJ TR UA UZ VE VN ZA".split()  # noqa: SIM905
)
SHORTEST, LONGEST = 5, 22
PATTERN = rf"[0-9A-Za-z][0-9A-Za-z ./-]{{{SHORTEST - 1},{LONGEST - 1}}}"


def must_be_registered(country: str, *, number: str, phone: str) -> None:
    """A new customer of such a country has both; elsewhere nobody has such a number.

    Raises RegistrationNumberUnsupported, RegistrationNumberMissing, RegistrationNumberMalformed, PhoneMissing.
    """
    if country not in ASKING:
        if number:
            raise RegistrationNumberUnsupported(country, number)
        return
    if not number:
        raise RegistrationNumberMissing(country)
    if not re.fullmatch(PATTERN, number):
        raise RegistrationNumberMalformed(number, SHORTEST, LONGEST)
    if not phone:
        raise PhoneMissing(country)
