"""What kind of customer it is: the segment that decides which offers it may buy (N-27), in the language's words."""

import datetime as dt
import enum
import uuid
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.operations import APP_USER_ONLY, Call, operation, unbuilt
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.resources.customer_profiles import account_of
from toiya.api.wire import Wire
from toiya.core.permissions import Permission
from toiya.core.terms import Segment
from toiya.customers.account_data import qualify_customer
from toiya.customers.errors import SegmentUnknown
from toiya.customers.models import CustomerAccount

NAMES = {
    Segment.COMMERCIAL: "None",
    Segment.EDUCATION: "Education",
    Segment.CHARITY: "Nonprofit",
    Segment.GOVERNMENT: "GovernmentCommunityCloud",
}
SEGMENTS = {name.lower(): segment for segment, name in NAMES.items()}
SCHOOLS = {"k12": "K12", "highereducation": "HigherEducation"}
LONGEST = 200


class CustomerQualification(Wire):
    """A qualification of the customer. A provider's word is enough here, so that it is Approved at once."""

    qualification: str | None = None
    vetting_status: str | None = None
    vetting_reason: str | None = None
    vetting_create_date: dt.datetime | None = None


class CustomerQualificationRequest(Wire):
    """None, Education (with ``educationSegment`` and ``website``), Nonprofit or GovernmentCommunityCloud."""

    qualification: str | None = None
    education_segment: str | None = None
    validation_code: str | None = None
    website: str | None = None


class CodeQuery(Wire):
    """``code``: a validation code, as the older contract brings it."""

    code: str | None = None


@operation(
    "qualifications.list",
    "GET",
    "/v1/customers/{customer_id}/qualifications",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_qualifications(call: Call, customer_id: uuid.UUID) -> list[CustomerQualification]:
    """What the customer is qualified as; a commercial customer has none."""
    account = account_of(call, relationship_in(call, customer_id).customer)
    if account is None or account.segment == Segment.COMMERCIAL:
        return []
    return [_told(account)]


@operation(
    "qualifications.create",
    "POST",
    "/v1/customers/{customer_id}/qualifications",
    needs=Permission.CUSTOMER_ACCOUNT_UPDATE,
    tokens=APP_USER_ONLY,
    status=201,
    required=("qualification",),
    errors=(NO_SUCH_CUSTOMER,),
    example={
        "qualification": "Education",
        "educationSegment": "HigherEducation",
        "website": "https://aoba-university.example/",
    },
)
def create_qualification(
    call: Call, customer_id: uuid.UUID, query: CodeQuery, body: CustomerQualificationRequest
) -> CustomerQualification:
    """The provider says what kind of customer it is; what it says as evidence stands in the activity log.

    Toiya gives out no validation codes: one that is sent is kept with the evidence and opens nothing.
    """
    relationship = relationship_in(call, customer_id)
    segment = SEGMENTS.get((body.qualification or "").lower())
    if segment is None:
        raise SegmentUnknown((body.qualification or "")[:LONGEST])
    evidence = _evidence(segment, body, body.validation_code or query.code)
    return _told(qualify_customer(call.actor, relationship=relationship, segment=segment, evidence=evidence))


def _told(account: CustomerAccount) -> CustomerQualification:
    return CustomerQualification(
        qualification=NAMES[Segment(account.segment)],
        vetting_status="Approved",
        vetting_create_date=account.segment_since,
    )


def _evidence(segment: Segment, body: CustomerQualificationRequest, code: str | None) -> Mapping[str, str]:
    """What the documents ask for. Raises WireError (800002) naming the properties."""
    given = {"website": body.website or "", "validationCode": code or ""}
    wrong = [name for name, value in given.items() if len(value) > LONGEST]
    if segment is Segment.EDUCATION:
        school = SCHOOLS.get((body.education_segment or "").replace("_", "").lower())
        if school is None:
            wrong.append("educationSegment")
        given["educationSegment"] = school or ""
        if not _is_website(given["website"]):
            wrong.append("website")
    if wrong:
        text = _("These properties are missing or cannot be read: %(names)s.") % {"names": ", ".join(wrong)}
        raise WireError(400, 800002, text, *wrong)
    return {name: value for name, value in given.items() if value}


def _is_website(text: str) -> bool:
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError:
        return False
    return True


# ---------------------------------------------------------------- the retired form
class CustomerQualificationValue(enum.Enum):
    """The whole body, a bare text."""

    NONE = "none"
    EDUCATION = "education"
    NONPROFIT = "nonprofit"
    GOVERNMENT_COMMUNITY_CLOUD = "government_community_cloud"
    STATE_OWNED_ENTITY = "state_owned_entity"


VALUES = {
    CustomerQualificationValue.NONE: Segment.COMMERCIAL,
    CustomerQualificationValue.EDUCATION: Segment.EDUCATION,
    CustomerQualificationValue.NONPROFIT: Segment.CHARITY,
    CustomerQualificationValue.GOVERNMENT_COMMUNITY_CLOUD: Segment.GOVERNMENT,
}
VALUE_OF = {segment: value for value, segment in VALUES.items()}


@operation(
    "qualifications.get_v1",
    "GET",
    "/v1/customers/{customer_id}/qualification",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def get_qualification(call: Call, customer_id: uuid.UUID) -> CustomerQualificationValue:
    """What the customer is qualified as, in the retired form: one bare text."""
    account = account_of(call, relationship_in(call, customer_id).customer)
    return VALUE_OF[Segment(account.segment) if account else Segment.COMMERCIAL]


@operation(
    "qualifications.update_v1",
    "PUT",
    "/v1/customers/{customer_id}/qualification",
    needs=Permission.CUSTOMER_ACCOUNT_UPDATE,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def update_qualification(
    call: Call, customer_id: uuid.UUID, query: CodeQuery, body: CustomerQualificationValue
) -> CustomerQualificationValue:
    """The provider says what kind of customer it is, in the retired form: one bare text."""
    relationship = relationship_in(call, customer_id)
    segment = VALUES.get(body)
    if segment is None:
        raise SegmentUnknown(body.value)
    evidence = _evidence(Segment.COMMERCIAL, CustomerQualificationRequest(), query.code)
    qualify_customer(call.actor, relationship=relationship, segment=segment, evidence=evidence)
    return body


unbuilt(
    "Validation codes prove to Microsoft that a partner may serve its government cloud; there is no such cloud here.",
    ("qualifications.list_gcc_validation_codes", "GET", "/v1/customers/all/validations"),
    ("qualifications.list_customer_validation_codes", "GET", "/v1/customers/{customer_id}/validations"),
)
