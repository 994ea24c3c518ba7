"""What invitations and partnerships refuse."""

from django.utils.translation import gettext_lazy as _

from toiya.core.errors import CapacityMissing, Refusal


class AlreadyInvited(Refusal):
    """An invitation to this address is open (one open invitation per address)."""

    code = "already_invited"
    message = _(
        "There is already an open invitation to this address. Resend or revoke it in the list of invitations."
    )


class AlreadyPartners(Refusal):
    """The two organisations work together already."""

    code = "already_partners"
    message = _("Your organizations are already partners. Nothing needs to be accepted again.")


class AddressMissing(Refusal):
    """Toiya can send the invitation only to an address."""

    code = "address_missing"
    message = _("Enter the recipient's email address, or send the message yourself.")


class LinkMissing(Refusal):
    """The text lost the link, without which the invitation cannot be accepted (N-10)."""

    code = "link_missing"
    message = _(
        "The text no longer contains the invitation link. Put it back exactly as it was in the draft."
    )


class InvitationRevoked(Refusal):
    """The inviting side withdrew it."""

    code = "invitation_revoked"
    message = _("This invitation was revoked by the organization that sent it. Ask it for a new one.")


class InvitationExpired(Refusal):
    """Its time is over; expiry is a comparison with the clock (G-04)."""

    code = "invitation_expired"
    message = _("This invitation has expired. Ask the organization that sent it for a new one.")


class InvitationUsed(Refusal):
    """An invitation is accepted once."""

    code = "invitation_used"
    message = _("This invitation has already been accepted. It cannot be used again.")


class InvitationDeclined(Refusal):
    """The invited side said no."""

    code = "invitation_declined"
    message = _("This invitation was declined. Ask the organization that sent it for a new one.")


class InviterNotAllowed(Refusal):
    """Whoever invited has left, or may no longer invite (G-12)."""

    code = "inviter_not_allowed"
    message = _(
        "The person who sent this invitation may no longer do so. Ask the organization for a new invitation."
    )


class PartnerNotLive(Refusal):
    """The inviting organisation is suspended or no longer approved (T-04)."""

    code = "partner_not_live"
    message = _(
        "The organization that sent this invitation is not approved in the programme at present. "
        "Nothing can be accepted from it."
    )


class NotEnrolled(CapacityMissing):
    """Only an enrolled reseller can be partnered (N-11)."""

    code = "not_enrolled"
    message = _(
        "Only an organization that is enrolled and approved as an indirect reseller can accept this. "
        "Yours is not, or is suspended."
    )


class WrongOrganization(Refusal):
    """The invitation names another organisation; whoever sent it is told (T-06)."""

    code = "wrong_organization"
    status = 403
    message = _(
        "This invitation was made for another organization. The person who sent it has been told that yours "
        "tried to accept it."
    )


class OwnInvitation(Refusal):
    """An organisation does not partner with itself."""

    code = "own_invitation"
    message = _("This invitation comes from your own organization. Only another organization can accept it.")


class CountryClosed(Refusal):
    """The programme does not operate in the country of one of the two."""

    code = "country_closed"


class RolesNotOffered(Refusal):
    """Consent may narrow what was asked for, never widen it (T-07)."""

    code = "roles_not_offered"
    status = 400
    message = _("Choose only from the roles that the invitation asks for.")


class PartnershipEnded(Refusal):
    """The partnership is over already."""

    code = "partnership_ended"
    message = _("This partnership has already ended.")


class AlreadyConfirmed(Refusal):
    """The provider has confirmed the partnership before."""

    code = "already_confirmed"
    message = _("This partnership is already confirmed.")
