"""What fulfilment refuses."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.errors import Refusal


class AddressNotAllowed(Refusal):
    """Calls go to public https addresses only (T-35)."""

    code = "address_not_allowed"
    message = gettext_lazy(
        "This is not an address that calls may go to. Give a public https address, on port 443 or 8443, without a "
        "user name in it."
    )

    def __init__(self) -> None:
        super().__init__(field="url")


class CodeTaken(Refusal):
    """Connectors are told apart by their codes."""

    code = "connector_code_taken"

    def __init__(self, *, code: str) -> None:
        super().__init__(
            _("Another connector has the code “%(code)s” already.") % {"code": code}, field="code"
        )


class FieldMissing(Refusal):
    """A connector of that kind needs more."""

    code = "connector_field_missing"

    def __init__(self, *, field: str) -> None:
        super().__init__(_("This kind of connector needs it."), field=field)


class ConnectorChanged(Refusal):
    """Somebody else changed it since the page was read (G-31); what was typed is kept."""

    code = "changed_meanwhile"
    status = 412
    message = gettext_lazy(
        "Somebody changed this connector while you were editing. Look at what is different now, then save again."
    )


class KindFixed(Refusal):
    """What has been asked of a system in one way cannot be asked in another."""

    code = "connector_kind_fixed"
    message = gettext_lazy(
        "The kind cannot be changed while tasks of this connector are unfinished. Set up another connector instead."
    )

    def __init__(self) -> None:
        super().__init__(field="kind")


class NotRepeatable(Refusal):
    """The task has ended, and what waited for it has gone on."""

    code = "task_not_repeatable"

    def __init__(self, *, state: str) -> None:
        super().__init__(
            _(
                "The task is “%(state)s”. Only an unfinished task can be repeated, or a failed one whose change has "
                "already happened here and which no later task has overtaken."
            )
            % {"state": state}
        )


class NotCancellable(Refusal):
    """Giving it up would leave this side and the other system disagreeing."""

    code = "task_not_cancellable"

    def __init__(self, *, state: str) -> None:
        super().__init__(
            _(
                "The task is “%(state)s”. Only a provisioning that is not being sent right now, or an increase that "
                "was never sent, can be canceled."
            )
            % {"state": state}
        )


class CallBackRefused(Refusal):
    """A call-back that is not taken; nothing has changed."""

    code = "call_back_refused"
    status = 401


class CallBackForged(CallBackRefused):
    """Not signed with the connector's secret, or for a task that does not exist: one answer for both."""

    code = "signature_not_accepted"


class CallBackTooOld(CallBackRefused):
    """Signed more than five minutes ago, or ahead."""

    code = "timestamp_not_accepted"


class CallBackRepeated(CallBackRefused):
    """The same message came before; it counted then."""

    code = "already_received"
    status = 409


class CallBackNotUnderstood(CallBackRefused):
    """Signed, but not in the form that the protocol asks for."""

    code = "not_understood"
    status = 400


class TaskNotSent(CallBackRefused):
    """Nobody asked the system for this yet."""

    code = "not_sent"
    status = 409
