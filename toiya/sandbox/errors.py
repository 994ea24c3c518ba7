"""What a sandbox refuses."""

from django.utils.translation import gettext_lazy as _

from toiya.core.errors import Refusal


class SandboxExists(Refusal):
    """An organisation has one sandbox at a time."""

    code = "sandbox_exists"
    message = _("Your organization has a sandbox already. Reset it, or delete it first.")


class SandboxGone(Refusal):
    """The sandbox that the page showed has been emptied or deleted since: by a colleague, or by a first click."""

    code = "sandbox_gone"
    message = _("This sandbox has been reset or deleted meanwhile. What you see now is the present one.")


class NothingToSell(Refusal):
    """The programme has no operator yet whose catalogue could be copied."""

    code = "nothing_to_sell"
    message = _("The programme is not set up yet.")


class OnlyForward(Refusal):
    """Time that has passed has left traces; a sandbox goes back by being reset."""

    code = "only_forward"
    message = _("The clock only moves forward. To begin again, reset the sandbox.")


class TooFar(Refusal):
    """A bound on what one move may set off."""

    code = "clock_too_far"

    def __init__(self, *, years: int) -> None:
        super().__init__(
            _("The clock moves at most %(years)s years at a time.") % {"years": years}, field="to"
        )


class ClockIsMoving(Refusal):
    """One move at a time."""

    code = "clock_is_moving"
    message = _("The clock is still moving. Wait until it has arrived.")


class NotInSandbox(Refusal):
    """Real organisations are not made or deleted like made-up ones."""

    code = "not_in_sandbox"
    status = 403
    message = _("This is possible in a sandbox only.")


class IdInUse(Refusal):
    """Another organisation of the sandbox has the membership ID or the domain."""

    code = "sandbox_id_in_use"

    def __init__(self, *, found: str, field: str) -> None:
        super().__init__(
            _("“%(found)s” belongs to another organization already.") % {"found": found}, field=field
        )


class StillBuying(Refusal):
    """Customers have what they bought through the reseller."""

    code = "reseller_still_selling"
    message = _("Customers have subscriptions through this reseller. Cancel or move these first.")
