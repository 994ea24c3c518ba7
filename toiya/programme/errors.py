"""What the operator's settings refuse."""

from django.utils.translation import gettext_lazy as _

from toiya.core.errors import Refusal


class UnknownCountry(Refusal):
    """The code is not that of a country or region."""

    code = "unknown_country"
    status = 400


class UnknownCurrency(Refusal):
    """The code is not that of a currency."""

    code = "unknown_currency"
    status = 400


class NotADomain(Refusal):
    """The text is not the name of a domain."""

    code = "not_a_domain"
    status = 400


class DomainListed(Refusal):
    """The list has the domain already, or a domain above it."""

    code = "domain_listed"


class DocumentLinkExpired(Refusal):
    """The address of an agreement's document is good for five minutes."""

    code = "document_link_expired"
    status = 410
    message = _("This link to the document has expired. Ask for a new one; it is good for five minutes.")


class NothingNew(Refusal):
    """The text is the one that is in force."""

    code = "nothing_new"
    message = _("This text is the same as the version in force. Change it before you publish it.")


class ReviewDaysReversed(Refusal):
    """The review cannot take at most fewer days than at least."""

    code = "review_days_reversed"
    status = 400
