"""Whether a domain can still be had, and whose it is."""

import uuid

from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.operations import Answer, Call, operation, unbuilt
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.wire import Wire
from toiya.core.permissions import Permission
from toiya.enrolment.work_accounts import is_taken
from toiya.programme.web_mail import DOMAIN, plain_domain

# Where the domains of new customers lie in the language's own cloud. Clients ask for the part before it, and then
# add the customer with the whole name; here it is a domain like any other.
SUFFIX = ".onmicrosoft.com"


def _plain(text: str) -> str:
    domain = plain_domain(text)
    if not DOMAIN.fullmatch(domain):
        raise WireError(
            400,
            800002,
            _("“%(found)s” is not a domain; it should look like company.example.") % {"found": text},
            "domain",
        )
    return domain


@operation("domains.check", "HEAD", "/v1/domains/{domain}", needs=Permission.CUSTOMERS_VIEW, replays=False)
def check_domain(call: Call, domain: str) -> Answer[None]:
    """200: somebody has it, or a domain above it, or it belongs to a web-based mail service. 404: it is free."""
    taken = is_taken(_plain(domain), family_id=call.actor.family_id)
    return Answer(None, status=200 if taken else 404)


@operation(
    "domains.check_prefix",
    "GET",
    "/v1/validations/checkdomainavailability/{domain_prefix}",
    needs=Permission.CUSTOMERS_VIEW,
)
def check_prefix(call: Call, domain_prefix: str) -> bool:
    """Whether the domain is free. What has no dot is the part before ``.onmicrosoft.com``."""
    domain = _plain(domain_prefix if "." in domain_prefix else domain_prefix + SUFFIX)
    return not is_taken(domain, family_id=call.actor.family_id)


class DomainQuery(Wire):
    """``domain``: a whole domain."""

    domain: str | None = None


@operation(
    "domains.head_verified",
    "HEAD",
    "/v1/customers/{customer_id}/verifieddomain",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
    replays=False,
)
def head_verified_domain(call: Call, customer_id: uuid.UUID, query: DomainQuery) -> Answer[None]:
    """200: the domain is one of the customer's. 404: it is not, or there is no such customer."""
    customer = relationship_in(call, customer_id).customer
    domain = _plain(query.domain or "")
    return Answer(None, status=200 if domain in {row.name for row in customer.domains.all()} else 404)


unbuilt(
    "It joins a domain to a sign-in service outside the customer's directory; people sign in to Toiya itself, and no"
    " domain is verified by a partner's word.",
    ("domains.add_verified", "POST", "/v1/customers/{customer_id}/verifieddomain"),
    ("store.add_verified_domain", "POST", "/v1/domains/{domain}"),
)
