"""What customer relationships refuse."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.errors import Refusal
from toiya.programme.countries import country_name


class InvitationClosed(Refusal):
    """The link was good once; nothing can be accepted through it any more. Subclasses say why."""

    code = "invitation_closed"


class InvitationUsed(InvitationClosed):
    """One invitation, one acceptance (Q-06)."""

    code = "invitation_used"
    message = gettext_lazy("This invitation has been accepted already. An invitation can be used once.")


class InvitationDeclined(InvitationClosed):
    """The customer said no."""

    code = "invitation_declined"
    message = gettext_lazy("This invitation has been declined.")


class InvitationRevoked(InvitationClosed):
    """The inviting side took it back, or replaced the link."""

    code = "invitation_revoked"
    message = gettext_lazy(
        "This link is no longer valid: the inviting organization took it back or replaced it."
    )


class InvitationExpired(InvitationClosed):
    """Expiry is the comparison of two instants at this request (G-04)."""

    code = "invitation_expired"
    status = 410
    message = gettext_lazy("This invitation has expired.")


class InvitationNotOpen(Refusal):
    """The inviter wants to send, change or revoke something that is settled."""

    code = "invitation_not_open"
    message = gettext_lazy("This invitation is no longer open: it was answered, revoked or has expired.")


class InviterGone(Refusal):
    """The person who invited has left, or may no longer invite."""

    code = "inviter_gone"
    message = gettext_lazy(
        "The person who sent this invitation may no longer invite customers. Ask the organization for a new "
        "one."
    )


class PartyNotActive(Refusal):
    """A partner that the invitation names is suspended or not approved."""

    code = "party_not_active"

    def __init__(self, name: str) -> None:
        super().__init__(
            _("%(name)s is not approved in the programme at the moment, so nothing can be agreed with it.")
            % {"name": name}
        )


class PartnershipEnded(Refusal):
    """The partners that the invitation names no longer work together."""

    code = "partnership_ended"
    message = gettext_lazy(
        "The reseller and the provider named here no longer work together, so they cannot be authorized "
        "together."
    )


class OwnInvitation(Refusal):
    """Nobody is his own customer."""

    code = "own_invitation"
    message = gettext_lazy(
        "This invitation names your own organization as a partner. An organization cannot be its own "
        "customer."
    )


class WrongCustomer(Refusal):
    """The invitation was meant for another organisation (T-06)."""

    code = "wrong_customer"
    message = gettext_lazy(
        "This invitation was made for another organization. Ask the sender for one of your own."
    )


class CountryClosed(Refusal):
    """The programme does not trade in the customer's country at present."""

    code = "country_closed"

    def __init__(self, country: str) -> None:
        super().__init__(
            _(
                "The programme is not open in your organization's country or region (%(country)s) at the "
                "moment."
            )
            % {"country": country}
        )


class ConsentRequired(Refusal):
    """No consent without the tick (S-066 and its likes)."""

    code = "consent_required"
    status = 400
    message = gettext_lazy("Tick the box to say that you agree.")


class RolesNotOffered(Refusal):
    """Consent may narrow what was asked for, never widen it."""

    code = "roles_not_offered"
    status = 400
    message = gettext_lazy("Choose only among the administration roles that the invitation asks for.")


class AdministeredElsewhere(Refusal):
    """Only one channel administers the customer (N-18); the customer itself learns which one."""

    code = "administered_elsewhere"

    def __init__(self, *, party: str, holders: str) -> None:
        super().__init__(
            _(
                "In this programme only one channel administers a customer. Your organization is administered by "
                "%(holders)s, so %(party)s cannot be given administrator access. Accept without it, or first "
                "remove the access of %(holders)s under “Partner relationships” in the organization portal."
            )
            % {"party": party, "holders": holders}
        )


class AdministeredByAnother(Refusal):
    """The same, for a partner: whom the customer has chosen is not its business."""

    code = "administered_by_another"
    message = gettext_lazy(
        "In this programme only one channel administers a customer, and another partner administers this one. "
        "Ask without administrator access, or ask again when the customer has removed the other partner's access."
    )


class LinkMissing(Refusal):
    """A mailed invitation without its link leads nowhere (S-088)."""

    code = "link_missing"
    status = 400
    message = gettext_lazy(
        "The text does not contain the invitation link. The customer needs it: put it back, unchanged, then "
        "try again."
    )


class AddressMissing(Refusal):
    """The system can send only to somebody (S-075)."""

    code = "address_missing"
    status = 400
    message = gettext_lazy(
        "Enter the customer's email address, or send the draft from your own mail program."
    )


class AddressWrong(Refusal):
    """Exactly one plain address, nothing that could become another header (G-25)."""

    code = "address_wrong"
    status = 400
    message = gettext_lazy("Enter one email address, like tanaka@example.com.")


class OutOfRange(Refusal):
    """Invitations lapse within 90 days, administrator access within 730 (G-04)."""

    code = "out_of_range"
    status = 400

    def __init__(self, *, field: str, found: int, lowest: int, highest: int) -> None:
        super().__init__(
            _("Choose between %(lowest)s and %(highest)s days; you entered %(found)s.")
            % {"lowest": lowest, "highest": highest, "found": found},
            field=field,
        )


class NoSuchRelationship(Refusal):
    """The relationship has ended already."""

    code = "relationship_ended"
    message = gettext_lazy("This reseller relationship has ended already.")


class RegistrationNumberUnsupported(Refusal):
    """Only some countries ask for a number in their register of organisations."""

    code = "registration_number_unsupported"
    status = 400

    def __init__(self, country: str, found: str) -> None:
        super().__init__(
            _(
                "Customers in %(country)s have no registration number here; “%(found)s” cannot be kept. Leave it out."
            )
            % {"country": country_name(country), "found": found},
            field="registration_number",
        )


class RegistrationNumberMissing(Refusal):
    """The country asks for it."""

    code = "registration_number_missing"
    status = 400

    def __init__(self, country: str) -> None:
        super().__init__(
            _("A customer in %(country)s needs its number in the register of organizations.")
            % {"country": country_name(country)},
            field="registration_number",
        )


class RegistrationNumberMalformed(Refusal):
    """It cannot be one."""

    code = "registration_number_malformed"
    status = 400

    def __init__(self, found: str, shortest: int, longest: int) -> None:
        super().__init__(
            _(
                "“%(found)s” is not a registration number: it has %(shortest)s to %(longest)s letters, digits, "
                "hyphens, dots, slashes and spaces."
            )
            % {"found": found, "shortest": shortest, "longest": longest},
            field="registration_number",
        )


class PhoneMissing(Refusal):
    """Where a registration number is asked for, so is a phone number."""

    code = "phone_missing"
    status = 400

    def __init__(self, country: str) -> None:
        super().__init__(
            _("A customer in %(country)s needs a phone number.") % {"country": country_name(country)},
            field="contact_phone",
        )


class SegmentUnknown(Refusal):
    """There are no offers for such customers."""

    code = "segment_unknown"
    status = 400

    def __init__(self, found: str) -> None:
        super().__init__(
            _("There are no offers for customers of the kind “%(found)s”.") % {"found": found},
            field="segment",
        )


class AgreementConfirmed(Refusal):
    """The same acceptance was confirmed before: the same person of the customer, the same moment, the same version."""

    code = "agreement_confirmed"
    message = gettext_lazy("This acceptance by the customer has been confirmed already.")


class NameTaken(Refusal):
    """A partner's requests for administrator access have different names."""

    code = "name_taken"
    message = gettext_lazy(
        "You have a request for administrator access of this name already. Choose another name."
    )


class NameWrong(Refusal):
    """A name that fits the list."""

    code = "name_wrong"
    status = 400

    def __init__(self, *, longest: int, found: int) -> None:
        super().__init__(
            _("A name has 1 to %(longest)s characters; this one has %(found)s.")
            % {"longest": longest, "found": found},
            field="name",
        )


class RequestLocked(Refusal):
    """What the customer is asked for does not change under its eyes."""

    code = "request_locked"
    message = gettext_lazy("This request is locked: the customer has been asked, or has answered already.")


class NothingToEnd(Refusal):
    """The access has not begun, or has ended."""

    code = "nothing_to_end"
    message = gettext_lazy("There is no administrator access in force, and no open request for it.")
