"""What lists of devices refuse."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.errors import Refusal


class NotIdentified(Refusal):
    """Nobody could tell the device from another one."""

    code = "device_not_identified"
    status = 400
    message = gettext_lazy(
        "A device is known by its hardware hash, by its product key, or by serial number, manufacturer and model."
    )


class TooLong(Refusal):
    """A text that is longer than any device or policy has it."""

    code = "too_long"
    status = 400

    def __init__(self, *, field: str, found: int, limit: int) -> None:
        super().__init__(
            _("At most %(limit)s characters are possible here; this has %(found)s.")
            % {"limit": limit, "found": found},
            field=field,
        )


class NothingGiven(Refusal):
    """An empty list, or no name."""

    code = "nothing_given"
    status = 400

    def __init__(self, *, field: str) -> None:
        super().__init__(_("This must not be empty."), field=field)


class NameNotPossible(Refusal):
    """The name of a batch is a part of its address."""

    code = "name_not_possible"
    status = 400

    def __init__(self, *, found: str) -> None:
        super().__init__(
            _(
                "“%(found)s” cannot be the name of a batch: it must not contain “/”, nor begin or end with a space."
            )
            % {"found": found},
            field="name",
        )


class TooManyDevices(Refusal):
    """A list that is longer than one call may carry."""

    code = "too_many_devices"
    status = 400

    def __init__(self, *, found: int, limit: int) -> None:
        super().__init__(
            _("The list has %(found)s devices. Hand in at most %(limit)s at a time.")
            % {"found": found, "limit": limit},
            field="devices",
        )


class DeviceTaken(Refusal):
    """A partner registers a device once, for one customer."""

    code = "device_taken"
    message = gettext_lazy("This device is registered already.")


class BatchTaken(Refusal):
    """The name of a batch is how it is found."""

    code = "batch_taken"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            _("There is a batch “%(name)s” already. Add the devices to it, or choose another name.")
            % {"name": name},
            field="name",
        )


class NoSuchPolicy(Refusal):
    """The customer has no policy with this id."""

    code = "no_such_policy"
    status = 400

    def __init__(self, *, found: str) -> None:
        super().__init__(
            _("The customer has no policy with the id “%(found)s”.") % {"found": found}, field="policies"
        )


class NoPolicyCalled(Refusal):
    """A policy is named in a file, and the name must say which."""

    code = "no_policy_called"
    status = 400

    def __init__(self, *, name: str, count: int) -> None:
        text = (
            _("The customer has several policies called “%(name)s”. Give them different names first.")
            if count
            else _("The customer has no policy called “%(name)s”.")
        )
        super().__init__(text % {"name": name}, field="policy")


class NothingChosen(Refusal):
    """A button for the devices that are ticked, and none is."""

    code = "nothing_chosen"
    status = 400
    message = gettext_lazy("Tick at least one device first.")


class PolicyInUse(Refusal):
    """Devices would be left without the policy that they were given."""

    code = "policy_in_use"

    def __init__(self, *, count: int) -> None:
        super().__init__(
            _("%(count)s devices have this policy. Give them another one, or none, first.") % {"count": count}
        )
