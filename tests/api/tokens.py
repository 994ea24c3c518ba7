"""Programs of the cast with their tokens, for every story of the API."""

from tests.cast import actor_of
from toiya.core.clock import real_now
from toiya.core.permissions import Role
from toiya.directory.factors import enrol_totp, has_second_factor, new_secret
from toiya.directory.models import Person
from toiya.tokens.applications import add_secret, register_application
from toiya.tokens.issue import issue_app_token, issue_user_token
from toiya.tokens.models import Application, Authorization, Flow, Kind

REDIRECT = "https://program.example/signed-in"


def program_of(
    administrator: Person,
    *roles: Role,
    kind: Kind = Kind.CONFIDENTIAL,
    name: str = "Nightly orders",
    redirect_uris: tuple[str, ...] = (REDIRECT,),
    flows: frozenset[Flow] | None = None,
) -> Application:
    """An application of the administrator's organisation, with these roles when it acts by itself."""
    every = {Flow.AUTHORIZATION_CODE, Flow.DEVICE_CODE}
    if kind == Kind.CONFIDENTIAL:
        every.add(Flow.CLIENT_CREDENTIALS)
    return register_application(
        actor_of(administrator),
        name=name,
        kind=kind,
        redirect_uris=redirect_uris,
        flows=every if flows is None else flows,
        roles=frozenset(roles),
    )


def secret_of(administrator: Person, application: Application) -> str:
    """A fresh secret of the application."""
    return add_secret(actor_of(administrator), application=application).text


def with_second_factor(person: Person) -> Person:
    """The person has an authenticator app."""
    if not has_second_factor(person):
        enrol_totp(person, new_secret())
    return person


def let_in(person: Person, application: Application) -> Authorization:
    """The person has let the application act for them, just now, after a second factor."""
    with_second_factor(person)
    return Authorization.objects.create(
        tenant_id=person.tenant_id,
        application=application,
        person=person,
        session_version=Person.objects.get(pk=person.pk).session_version,
        second_factor_at=real_now(),
        at=real_now(),
    )


def token_for(*who: Person | Application) -> str:
    """``token_for(application)``: it acts by itself. ``token_for(person, application)``: it acts for the person."""
    application = next(one for one in who if isinstance(one, Application))
    person = next((one for one in who if isinstance(one, Person)), None)
    fresh = Application.objects.select_related("account").get(pk=application.pk)
    if person is None:
        return issue_app_token(fresh).text
    return issue_user_token(let_in(person, fresh)).text


def bearer_header(*who: Person | Application) -> dict[str, str]:
    """For Django's test client: ``client.get(path, **bearer_header(application))``."""
    return {"HTTP_AUTHORIZATION": f"Bearer {token_for(*who)}"}
