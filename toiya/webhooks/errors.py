"""What the registration of webhooks refuses."""

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.errors import NotVisible, Refusal, TooManyAttempts


class AddressNotAllowed(Refusal):
    """Calls go to public https addresses only (T-35)."""

    code = "address_not_allowed"
    status = 400
    message = gettext_lazy(
        "This is not an address that calls may go to. Give a public https address, on port 443 or 8443, without a "
        "user name in it."
    )

    def __init__(self) -> None:
        super().__init__(field="url")


class UnknownEvents(Refusal):
    """There are no such events."""

    code = "unknown_events"
    status = 400

    def __init__(self, *, names: list[str]) -> None:
        self.names = names
        super().__init__(
            _("There are no events called %(names)s.") % {"names": ", ".join(names)}, field="events"
        )


class NoEvents(Refusal):
    """A registration for nothing."""

    code = "no_events"
    status = 400
    message = gettext_lazy("Choose at least one event.")

    def __init__(self) -> None:
        super().__init__(field="events")


class PropertiesTooLarge(Refusal):
    """Properties are a few words of the registering program, no store."""

    code = "properties_too_large"
    status = 400

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            _("Properties are texts with names, at most %(limit)s characters together.") % {"limit": limit},
            field="properties",
        )


class AlreadyRegistered(Refusal):
    """An organisation has one registration."""

    code = "already_registered"
    message = gettext_lazy("Your organization has a registration already. Change it, or remove it first.")


class NotRegistered(NotVisible):
    """There is no registration to read, change or remove."""

    code = "webhook_not_registered"
    message = gettext_lazy("Your organization has not registered an address for events.")


class TestNotWanted(Refusal):
    """Only what is registered for is sent, the test included."""

    code = "test_not_wanted"
    status = 400
    message = gettext_lazy("Register for the event “test-created” first; a test is sent as that event.")


class TooManyTests(TooManyAttempts):
    """Two tests a minute."""

    message = gettext_lazy("Two tests a minute are sent. Wait a moment, then ask again.")

    def __init__(self, *, wait: dt.timedelta) -> None:
        self.wait = wait
        super().__init__()


class NothingToReplay(Refusal):
    """Only what was delivered or given up can be sent again."""

    code = "nothing_to_replay"
    message = gettext_lazy(
        "None of these events can be sent again: they wait already, were not sent because the relationship had ended, "
        "or you are no longer registered for them."
    )
