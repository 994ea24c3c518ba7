"""Rows with which a provider adds customers (C-08, N-12)."""

from django.utils.translation import gettext as _

from toiya.bulk.cells import Cells, CellWrong
from toiya.bulk.models import BulkFile, BulkKind, BulkRow
from toiya.bulk.outcome import Outcome, secret_of
from toiya.core.actor import Actor
from toiya.core.permissions import Permission
from toiya.core.terms import Segment
from toiya.directory.models import Language, Tenant
from toiya.enrolment.errors import IncompleteDetails
from toiya.orders.new_customers import Levers, add_customer, as_answers
from toiya.relations.models import Partnership, ResellerRelationship

DETAILS = {
    "company": "name",
    "reading": "reading",
    "latin_name": "latin_name",
    "country": "country",
    "domain": "domain",
    "name": "admin_name",
    "contact_email": "admin_email",
    "user": "admin_user",
    "contact_phone": "admin_phone",
    "registration_number": "registration_number",
}


def create_customer(actor: Actor, file: BulkFile, row: BulkRow, *, rehearse: bool) -> Outcome:
    """One organisation with its first administrator; a customer of ours with this domain stays as it is."""
    del file, rehearse
    actor.must(Permission.CUSTOMERS_ADD)
    cells = Cells(BulkKind.CUSTOMERS, row.cells)
    values = {name: cells.text(key) for name, key in DETAILS.items()}
    values["country"] = values["country"].upper()
    domain = as_answers(values)["domain"]
    served = ResellerRelationship.objects.of_partner(actor).live().filter(customer__domains__name=domain)
    if found := served.first():
        text = _("This organization is your customer already.")
        return Outcome(is_new=False, text=text, subject_id=found.customer_id)
    try:
        made = add_customer(
            actor,
            values=values,
            segment=Segment(cells.choice("segment", Segment.values, Segment.COMMERCIAL)),
            language=cells.choice("language", Language.values, Language.JAPANESE),
            reseller=_reseller(actor, cells.text("partner_domain").lower()),
            levers=Levers(),
            lines=(),
            key="",
        )
    except IncompleteDetails as refusal:
        raise CellWrong(" ".join(str(problem) for problem in refusal.problems.values())) from refusal
    secret = secret_of(made.administrator.name, made.administrator.user_name, made.password)
    return Outcome(is_new=True, subject_id=made.tenant.pk, secret=secret)


def _reseller(actor: Actor, domain: str) -> Tenant | None:
    if not domain:
        return None
    live = Partnership.objects.visible_to(actor).live().filter(provider_id=actor.tenant_id)
    found = live.select_related("reseller").filter(reseller__domains__name=domain).first()
    if found is None:
        raise CellWrong(_("No partner of yours has the domain “%(found)s”.") % {"found": domain})
    return found.reseller
