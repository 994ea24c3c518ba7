"""Users of a customer: what a partner does with them by the access that the customer lends (N-24)."""

import datetime as dt
import enum
import uuid

from django.utils.translation import gettext as _

from toiya.api.common import parts_of_name
from toiya.api.errors import WireError, named_as
from toiya.api.filters import conditions, ordered
from toiya.api.operations import APP_USER_ONLY, Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.reach import NO_SUCH_CUSTOMER, NO_SUCH_USER, by_consent, relationship_in, user_of_customer
from toiya.api.wire import Link, Links, Resource, SeekCollection, Wire, attributes_of
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.directory.models import Person, Tenant
from toiya.licences.customer_users import add_user, delete_user
from toiya.licences.deleted import deleted_users
from toiya.licences.listing import user_of, users_of
from toiya.licences.user_changes import Changes, change_user

FILTERS = {"UserState": ("equals",), "UserStatus": ("equals",)}
SORTS = {
    "DisplayName": "name",
    "UserPrincipalName": "user_name",
    "FirstName": "first_name",
    "LastName": "last_name",
}
# What the business calls a field, and what the wire calls it.
PROPERTIES = {
    "name": "displayName",
    "first_name": "firstName",
    "last_name": "lastName",
    "usage_country": "usageLocation",
    "local_part": "userPrincipalName",
    "domain": "userPrincipalName",
    "contact_email": "userPrincipalName",
    "new": "passwordProfile.password",
}
USERS = "/v1/customers/{customer_id}/users"
USER = f"{USERS}/{{user_id}}"


class UserState(enum.Enum):
    """Inactive is who was deleted less than 30 days ago; who is disabled is still active."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class UserDomainType(enum.Enum):
    """Where the user's password is kept; here always ``managed``."""

    NONE = "none"
    MANAGED = "managed"
    FEDERATED = "federated"


class PasswordProfile(Wire):
    """A temporary password: for one sign-in within 24 hours, at which the user chooses another.

    ``forceChangePassword`` is therefore always true in answers, whatever was asked for.
    """

    force_change_password: bool | None = None
    password: str | None = None


class CustomerUser(Resource):
    """A work account in the customer's organisation."""

    usage_location: str | None = None
    id: str | None = None
    user_principal_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    display_name: str | None = None
    password_profile: PasswordProfile | None = None
    user_domain_type: UserDomainType | None = None
    state: UserState | None = None
    soft_deletion_time: dt.datetime | None = None


class UsersQuery(SeekQuery):
    """``filter``: UserState or UserStatus equals Active or Inactive (deleted users). Sorted by a name, either way."""

    filter: str | None = None
    sort_field: str | None = None
    sort_direction: str | None = None


CUSTOMER_USER = attributes_of("CustomerUser")
EXAMPLE = {
    "usageLocation": "JP",
    "userPrincipalName": "hana@aoba.example",
    "firstName": "Hana",
    "lastName": "Aoba",
    "displayName": "Hana Aoba",
    "passwordProfile": {"forceChangePassword": True, "password": "correct horse battery staple"},
}


def _user(person: Person, customer: Tenant, *, password: str | None = None) -> CustomerUser:
    named = (person.first_name or None, person.last_name or None)
    first_name, last_name = named if any(named) else parts_of_name(person.name)
    return CustomerUser(
        usage_location=person.usage_country or customer.country_id,
        id=str(person.pk),
        user_principal_name=person.user_name,
        first_name=first_name,
        last_name=last_name,
        display_name=person.name,
        password_profile=PasswordProfile(force_change_password=True, password=password) if password else None,
        user_domain_type=UserDomainType.MANAGED,
        state=UserState.INACTIVE if person.deleted_at else UserState.ACTIVE,
        soft_deletion_time=person.deleted_at,
        links=Links(self=Link(uri=f"/customers/{customer.pk}/users/{person.pk}")),
        attributes=CUSTOMER_USER,
    )


@operation(
    "users.list",
    "GET",
    USERS,
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_users(call: Call, customer_id: uuid.UUID, query: UsersQuery) -> SeekCollection[CustomerUser]:
    """The customer's users; with the filter UserState Inactive those who were deleted within the last 30 days."""
    customer = relationship_in(call, customer_id).customer
    size, place = size_of(query), place_of(call, query)
    sort, descending = ordered(query.sort_field, query.sort_direction, tuple(SORTS))
    find = deleted_users if _wants_deleted(query.filter) else users_of
    with by_consent():
        people = find(call.actor, tenant_id=customer_id).prefetch_related(None)
    page = page_by_key(people, fields=(SORTS[sort], "id"), cursor=place, size=size, descending=descending)
    return seek_collection(
        page,
        lambda person: _user(person, customer),
        at=f"/customers/{customer_id}/users",
        size=query.size,
        filter=query.filter,
        sortField=query.sort_field,
        sortDirection=query.sort_direction,
    )


def _wants_deleted(text: str | None) -> bool:
    asked = {condition.value.lower() for condition in conditions(text, FILTERS)}
    unknown = asked - {state.value for state in UserState}
    if unknown or len(asked) > 1:
        found = ", ".join(sorted(asked))
        raise WireError(
            400, 800002, _("A user is Active or Inactive, not “%(found)s”.") % {"found": found}, "filter"
        )
    return asked == {UserState.INACTIVE.value}


@operation(
    "users.create",
    "POST",
    USERS,
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    required=("userPrincipalName", "firstName", "lastName", "displayName", "usageLocation"),
    errors=(NO_SUCH_CUSTOMER,),
    example=EXAMPLE,
)
def create_user(call: Call, customer_id: uuid.UUID, body: CustomerUser) -> CustomerUser:
    """A new work account with a temporary password, the given one or a random one; this answer alone tells it.

    The user name is the contact address too, until somebody sets another one.
    """
    customer = relationship_in(call, customer_id).customer
    user_name = (body.user_principal_name or "").lower()
    local_part, _at, domain = user_name.rpartition("@")
    with by_consent(), named_as(PROPERTIES):
        added = add_user(
            call.actor,
            tenant_id=customer_id,
            name=body.display_name or "",
            first_name=body.first_name or "",
            last_name=body.last_name or "",
            contact_email=user_name,
            local_part=local_part,
            domain=domain,
            language=customer.language,
            usage_country=(body.usage_location or "").upper(),
            password=body.password_profile.password if body.password_profile else None,
        )
    return _user(added.person, customer, password=added.password)


@operation(
    "users.get",
    "GET",
    USER,
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_USER, NO_SUCH_CUSTOMER),
)
def get_user(call: Call, customer_id: uuid.UUID, user_id: uuid.UUID) -> CustomerUser:
    """One user who has not been deleted."""
    customer = relationship_in(call, customer_id).customer
    with user_of_customer():
        return _user(user_of(call.actor, tenant_id=customer_id, person_id=user_id), customer)


@operation(
    "users.update",
    "PATCH",
    USER,
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_USER, NO_SUCH_CUSTOMER),
    example={"displayName": "Hana Midorikawa", "lastName": "Midorikawa"},
    also={"users.update_by_query": f"{USERS}?user_id={{user_id}}"},
)
def update_user(call: Call, customer_id: uuid.UUID, user_id: uuid.UUID, body: CustomerUser) -> CustomerUser:
    """What is given changes: names, country of use, user name, and with a passwordProfile the password.

    ``state`` active brings a user back who was deleted less than 30 days ago, with the licences for which seats are
    free.
    """
    if body.state is UserState.INACTIVE:
        raise WireError(400, 800002, _("A user becomes inactive when it is deleted."), "state", "inactive")
    given = {
        "name": body.display_name,
        "first_name": body.first_name,
        "last_name": body.last_name,
        "usage_country": body.usage_location and body.usage_location.upper(),
    }
    password = body.password_profile.password if body.password_profile else None
    changes = Changes(
        wanted={name: value for name, value in given.items() if value is not None},
        user_name=(body.user_principal_name or "").lower(),
        resets_password=password is not None,
        password=password,
        restores=body.state is UserState.ACTIVE,
    )
    return _change(call, customer_id, user_id, changes)


def _change(call: Call, customer_id: uuid.UUID, user_id: uuid.UUID, changes: Changes) -> CustomerUser:
    customer = relationship_in(call, customer_id).customer
    with user_of_customer(), named_as(PROPERTIES):
        changed = change_user(call.actor, tenant_id=customer_id, person_id=user_id, changes=changes)
    return _user(changed.person, customer, password=changed.password)


@operation(
    "users.reset_password",
    "PATCH",
    f"{USER}/resetpassword",
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    errors=(NO_SUCH_USER, NO_SUCH_CUSTOMER),
    example={"passwordProfile": {"forceChangePassword": True, "password": "correct horse battery staple"}},
)
def reset_password(
    call: Call, customer_id: uuid.UUID, user_id: uuid.UUID, body: CustomerUser
) -> CustomerUser:
    """A temporary password, the given one or a random one; this answer alone tells it. Sessions of the user end."""
    password = body.password_profile.password if body.password_profile else None
    return _change(call, customer_id, user_id, Changes(resets_password=True, password=password))


@operation(
    "users.delete",
    "DELETE",
    USER,
    needs=Permission.ADMINISTER_ON_BEHALF,
    tokens=APP_USER_ONLY,
    status=204,
    errors=(NO_SUCH_USER, NO_SUCH_CUSTOMER),
    also={"users.delete_by_query": f"{USERS}?user_id={{user_id}}"},
)
def delete_user_(call: Call, customer_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """The user can no longer sign in and their licences are free; for 30 days both can be brought back."""
    relationship_in(call, customer_id)
    with user_of_customer():
        delete_user(call.actor, tenant_id=customer_id, person_id=user_id)
