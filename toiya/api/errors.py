"""Refusals in the wire's words: a number that clients know, a sentence for people, and the values that were wrong."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from toiya.catalogue.errors import QuantityOutOfBounds
from toiya.core.errors import (
    CapacityMissing,
    ChangedMeanwhile,
    NotVisible,
    Refusal,
    RoleMissing,
    SecondFactorStale,
    TooManyAttempts,
)
from toiya.customers.errors import (
    AgreementConfirmed,
    PhoneMissing,
    RegistrationNumberMalformed,
    RegistrationNumberMissing,
    RegistrationNumberUnsupported,
)
from toiya.directory.errors import DomainNotVerified, SandboxFull
from toiya.directory.people import RoleNotYours
from toiya.directory.sign_in import WeakPassword
from toiya.enrolment.errors import IncompleteDetails
from toiya.licences.errors import (
    NameTooLong,
    NoPlanLeft,
    NoSeatFree,
    NoSuchSeats,
    PlansNotPossible,
    RoleNotLent,
    SeatsInUse,
    UserDisabled,
)
from toiya.membership.errors import ProfileChanged
from toiya.orders import errors as orders
from toiya.pricing.errors import NotOwnRegion
from toiya.relations.errors import BeyondReach
from toiya.requests.rates import TooManyCalls
from toiya.requests.replays import OtherRequest
from toiya.subscriptions import errors as subscriptions

INVALID_INPUT = 800002
NOT_FOUND = 1000
BY_STATUS = {400: INVALID_INPUT, 401: 800001, 403: 2032, 404: NOT_FOUND, 409: INVALID_INPUT, 412: 2055}
# A refusal of the business, and the status and number that clients know it by. Whatever is not here is told by its
# status. One place: what an operation alone knows better it says with ``told_as``.
CODES: dict[type[Refusal], tuple[int, int]] = {
    NotVisible: (404, NOT_FOUND),
    RoleMissing: (403, 900150),
    CapacityMissing: (403, 800039),
    SecondFactorStale: (403, 900308),
    ChangedMeanwhile: (400, 2055),
    TooManyAttempts: (429, 429),
    ProfileChanged: (400, 2055),
    AgreementConfirmed: (409, 600061),
    OtherRequest: (422, INVALID_INPUT),
    # catalogue
    QuantityOutOfBounds: (400, 2002),
    # customers
    PhoneMissing: (400, 600051),
    RegistrationNumberMalformed: (400, 600050),
    RegistrationNumberMissing: (400, 600049),
    RegistrationNumberUnsupported: (400, 600002),
    # directory
    DomainNotVerified: (400, INVALID_INPUT),
    RoleNotYours: (403, 900150),
    SandboxFull: (400, 800018),
    WeakPassword: (400, INVALID_INPUT),
    # licences
    NameTooLong: (400, INVALID_INPUT),
    NoPlanLeft: (400, INVALID_INPUT),
    NoSeatFree: (400, 60012),
    NoSuchSeats: (400, 60012),
    PlansNotPossible: (400, INVALID_INPUT),
    RoleNotLent: (403, 900150),
    SeatsInUse: (400, 800090),
    UserDisabled: (400, INVALID_INPUT),
    # orders
    orders.AccountMissing: (403, 800073),
    orders.AgreementNotConfirmed: (403, 13605),
    orders.AttributesMissing: (400, INVALID_INPUT),
    orders.CartEmpty: (400, 800009),
    orders.CartExpired: (404, 800008),
    orders.CartUsed: (400, 800065),
    orders.CustomerIsPartner: (403, 20002),
    orders.LineNotPossible: (400, 4018),
    orders.MarketClosed: (403, 2030),
    orders.NotCancellable: (400, 800061),
    orders.NothingOrdered: (400, 800009),
    orders.PartnershipMissing: (400, 800016),
    orders.RelationshipMissing: (403, 20002),
    orders.WrongParent: (400, 800009),
    # pricing
    NotOwnRegion: (403, 2030),
    # relations
    BeyondReach: (403, 900150),
    # subscriptions
    subscriptions.AccessMissing: (403, 900308),
    subscriptions.AddOnInTheWay: (400, 800029),
    subscriptions.AlreadyAnswered: (409, 900101),
    subscriptions.ChangeUnderWay: (409, 900278),
    subscriptions.DoesNotRenew: (400, 800093),
    subscriptions.NotAPartner: (400, 800016),
    subscriptions.NotATarget: (400, 800004),
    subscriptions.NotInThisState: (400, 800040),
    subscriptions.NothingToTransfer: (400, 800078),
    subscriptions.ParentNotActive: (409, 27009),
    subscriptions.PartnerStopped: (403, 900149),
    subscriptions.QuantityFixed: (400, 800095),
    subscriptions.RelationshipMissing: (403, 20002),
    subscriptions.RenewalOff: (400, 800093),
    subscriptions.SellsNothingNew: (403, 800039),
    subscriptions.StateNotChosen: (400, 800040),
    subscriptions.SuspendedByAnother: (400, 800096),
    subscriptions.TargetOwned: (400, 4018),
    subscriptions.TermOver: (400, 900277),
    subscriptions.TransferClosed: (400, 900102),
    subscriptions.TransferOpen: (409, 900101),
    subscriptions.WindowClosed: (400, 900257),
    subscriptions.WrongEndDate: (400, 900246),
}


class WireError(Exception):
    """What the API refuses by itself, before or after the business was asked."""

    def __init__(
        self, status: int, code: int, description: str, *data: str, headers: dict[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.description = description
        self.data = data
        self.headers = headers or {}
        super().__init__(code, description)


def wire_error(refusal: Refusal) -> WireError:
    """The refusal as the wire tells it: ``data`` carries its lasting word and the field it is about."""
    status, code = next(
        (CODES[kind] for kind in type(refusal).__mro__ if kind in CODES),
        (refusal.status, BY_STATUS.get(refusal.status, INVALID_INPUT)),
    )
    if isinstance(refusal, TooManyCalls):
        return WireError(429, 429, str(refusal), headers={"Retry-After": str(refusal.seconds)})
    about = (refusal.code, refusal.field) if refusal.field else (refusal.code,)
    return WireError(status, code, str(refusal), *about)


@contextmanager
def told_as(code: int, *, status: int = 404, of: type[Refusal] = NotVisible) -> Iterator[None]:
    """Inside, this kind of refusal has a number of its own: what is missing is a cart, a product, a user."""
    try:
        yield
    except of as refusal:
        raise WireError(status, code, str(refusal), refusal.code) from refusal


@contextmanager
def named_as(names: Mapping[str, str]) -> Iterator[None]:
    """Inside, a refusal names the wire's properties instead of the fields of the business, each with its sentence."""
    try:
        yield
    except IncompleteDetails as refusal:
        problems = {names.get(field, field): str(problem) for field, problem in refusal.problems.items()}
        sentences = " ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise WireError(400, INVALID_INPUT, sentences, *problems) from refusal
    except Refusal as refusal:
        if refusal.field is None or refusal.field not in names:
            raise
        error = wire_error(refusal)
        raise WireError(
            error.status, error.code, error.description, refusal.code, names[refusal.field]
        ) from refusal
