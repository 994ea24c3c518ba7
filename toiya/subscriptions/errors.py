"""What subscriptions refuse."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.errors import Refusal


class NotInThisState(Refusal):
    """The state machine has no such arrow from where the subscription is."""

    code = "not_in_this_state"

    def __init__(self, *, found: str, expected: str) -> None:
        super().__init__(
            _("The subscription is “%(found)s”; this is possible only while it is “%(expected)s”.")
            % {"found": found, "expected": expected}
        )


class ChangedMeanwhile(Refusal):
    """Somebody else changed it since the page was read (G-31); what was typed is kept."""

    code = "changed_meanwhile"
    status = 412
    message = gettext_lazy(
        "Somebody changed this while you were editing. Look at what is different now, then save again."
    )
