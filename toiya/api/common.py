"""What several resources have in common."""

from toiya.api.wire import Wire


class Address(Wire):
    """A postal address; ``country`` is ISO 3166-1 alpha-2."""

    country: str | None = None
    region: str | None = None
    city: str | None = None
    state: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    postal_code: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone_number: str | None = None


class UserCredentials(Wire):
    """A user name with the password that is told once."""

    user_name: str | None = None
    password: str | None = None


class KeyValue(Wire):
    """One entry of a list of names and values."""

    key: str | None = None
    value: str | None = None


class Contact(Wire):
    """A person to turn to."""

    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    email: str | None = None
    phone_number: str | None = None
