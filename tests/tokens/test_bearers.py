"""A token names a row; the row and the rights behind it are read at each call (I-20, G-03, G-17)."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.tokens import let_in, program_of, secret_of, token_for
from tests.cast import Cast, actor_of
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, Role
from toiya.directory.actors import bystander_for
from toiya.directory.factors import forget_factors
from toiya.directory.models import Person, Suspension
from toiya.directory.people import assign_roles, delete_person, disable_person, reset_factors, reset_password
from toiya.directory.sign_in import change_password
from toiya.tokens.applications import (
    assign_application_roles,
    disable_application,
    enable_application,
    remove_secret,
    unregister_application,
)
from toiya.tokens.bearers import bearer_of
from toiya.tokens.errors import Reason, TokenRefused
from toiya.tokens.issue import issue_app_token, issue_user_token
from toiya.tokens.keys import rotate_signing_key
from toiya.tokens.models import AccessToken, Application

pytestmark = pytest.mark.django_db


def reason_of(token: str) -> Reason:
    with pytest.raises(TokenRefused) as refused:
        bearer_of(token, language="en")
    assert refused.value.status == 401
    return refused.value.reason


def test_an_application_acts_by_itself_with_roles_of_its_own(
    cast: Cast, django_assert_num_queries: Callable[[int], Any]
) -> None:
    program = program_of(cast.mei, Role.SALES_AGENT)
    token = token_for(program)

    with django_assert_num_queries(1):
        bearer = bearer_of(token, language="ja")

    assert bearer.is_app_only
    assert bearer.application_id == program.pk
    actor = bearer.actor
    assert (actor.name, actor.tenant_id, actor.family_id) == (
        "Nightly orders",
        cast.hinode.pk,
        cast.family.pk,
    )
    assert actor.roles == {Role.SALES_AGENT}
    assert actor.capacities == {Capacity.PROVIDER}
    assert (actor.language, actor.second_factor_at, actor.suspended) == ("ja", None, frozenset())
    assert actor.application_id == program.pk
    assert not Person.objects.filter(pk=actor.person_id).exists()


def test_an_application_acts_for_a_person_with_that_person_s_rights(
    cast: Cast, django_assert_num_queries: Callable[[int], Any]
) -> None:
    token = token_for(cast.sora, program_of(cast.mei, Role.GLOBAL_ADMIN))

    with django_assert_num_queries(1):
        bearer = bearer_of(token, language="en")

    assert not bearer.is_app_only
    assert (bearer.actor.person_id, bearer.actor.user_name) == (cast.sora.pk, "sora@hinode.example")
    assert bearer.actor.roles == {Role.SALES_AGENT}
    assert real_now() - (bearer.actor.second_factor_at or real_now()) < dt.timedelta(minutes=1)


def test_a_person_is_the_same_actor_by_token_as_on_a_page(cast: Cast) -> None:
    """Planted fault: a field of the actor that only ``actor_for`` fills, or only the statement of the bearer."""
    cast.hinode.latin_name = "Hinode Trading"
    cast.hinode.save()
    Suspension.objects.create(
        tenant=cast.hinode, capacity=Capacity.PROVIDER, reason="-", at=real_now(), by_id=cast.ren.pk
    )
    by_token = bearer_of(token_for(cast.sora, program_of(cast.mei)), language="en").actor
    on_page = actor_of(cast.sora)

    own_to_each = {"application_id", "correlation_id", "now", "second_factor_at"}
    for field in dataclasses.fields(Actor):
        if field.name not in own_to_each:
            assert getattr(by_token, field.name) == getattr(on_page, field.name), field.name
    assert abs(by_token.now - on_page.now) < dt.timedelta(minutes=1)


@pytest.mark.goal("G-03")
def test_rights_are_those_of_the_moment(cast: Cast) -> None:
    """Planted fault: remember the bearer beside the signature; the roles of before then stay."""
    program = program_of(cast.mei, Role.SALES_AGENT)
    own, for_sora = token_for(program), token_for(cast.sora, program)

    assign_application_roles(actor_of(cast.mei), application=program, roles=frozenset({Role.HELPDESK_AGENT}))
    assign_roles(actor_of(cast.mei), person=cast.sora, roles=frozenset({Role.ADMIN_AGENT}))
    Suspension.objects.create(
        tenant=cast.hinode, capacity=Capacity.PROVIDER, reason="-", at=real_now(), by_id=cast.ren.pk
    )

    assert bearer_of(own, language="en").actor.roles == {Role.HELPDESK_AGENT}
    actor = bearer_of(for_sora, language="en").actor
    assert actor.roles == {Role.ADMIN_AGENT}
    assert (actor.capacities, actor.suspended) == (frozenset(), frozenset({Capacity.PROVIDER}))


def _stops(cast: Cast, program: Application) -> dict[str, Callable[[], object]]:
    mei, sora = actor_of(cast.mei), cast.sora
    return {
        "disabled": lambda: disable_person(mei, person=sora),
        "deleted": lambda: delete_person(mei, person=sora),
        "password reset": lambda: reset_password(mei, person=sora),
        "password changed": lambda: change_password(actor_of(sora), new="a new one that is long enough"),
        "factors reset": lambda: reset_factors(mei, person=sora),
        "application disabled": lambda: disable_application(mei, application=program),
        "application removed": lambda: unregister_application(mei, application=program),
    }


@pytest.mark.goal("G-17")
@pytest.mark.parametrize(
    "stop",
    [
        "disabled",
        "deleted",
        "password reset",
        "password changed",
        "factors reset",
        "application disabled",
        "application removed",
    ],
)
def test_whatever_ends_a_session_ends_the_token(cast: Cast, stop: str) -> None:
    """Planted fault: leave ``session_version`` out of the statement."""
    program = program_of(cast.mei)
    token = token_for(cast.sora, program)
    assert bearer_of(token, language="en").actor.person_id == cast.sora.pk

    _stops(cast, program)[stop]()

    assert reason_of(token) is Reason.REVOKED


def test_a_token_of_an_application_dies_with_it_and_with_the_secret_it_was_got_by(cast: Cast) -> None:
    mei, program = actor_of(cast.mei), program_of(cast.mei, Role.SALES_AGENT)
    secret_of(cast.mei, program), secret_of(cast.mei, program)
    first, second = program.secrets.order_by("place")
    by_first = issue_app_token(program, secret=first).text
    by_second = issue_app_token(program, secret=second).text

    remove_secret(mei, application=program, secret_id=first.pk)

    assert reason_of(by_first) is Reason.REVOKED
    assert bearer_of(by_second, language="en").is_app_only
    disable_application(mei, application=program)
    assert reason_of(by_second) is Reason.REVOKED
    enable_application(mei, application=program)
    assert reason_of(by_second) is Reason.REVOKED


def test_a_person_without_a_second_factor_any_more_is_not_acted_for(cast: Cast) -> None:
    """Planted fault: leave the second factor out of the statement."""
    program = program_of(cast.mei)
    token = token_for(cast.sora, program)
    forget_factors(cast.sora)

    assert reason_of(token) is Reason.REVOKED


def test_an_authorization_without_a_second_factor_opens_nothing(cast: Cast) -> None:
    authorization = let_in(cast.sora, program_of(cast.mei))
    authorization.second_factor_at = None
    authorization.save()

    assert reason_of(issue_user_token(authorization).text) is Reason.REVOKED


def test_a_token_expires(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_for(program_of(cast.mei))
    end = AccessToken.objects.get().expires_at

    monkeypatch.setattr("toiya.tokens.bearers.real_now", lambda: end - dt.timedelta(seconds=1))
    assert bearer_of(token, language="en").is_app_only
    monkeypatch.setattr("toiya.tokens.bearers.real_now", lambda: end)
    assert reason_of(token) is Reason.EXPIRED


def test_an_old_key_checks_what_it_signed(cast: Cast) -> None:
    before = token_for(program_of(cast.mei, name="before"))

    rotate_signing_key(bystander_for(cast.operator, kind="command_line"))
    after = token_for(program_of(cast.mei, name="after"))

    assert [bearer_of(token, language="en").actor.name for token in (before, after)] == ["before", "after"]


def test_no_token_and_no_sense(cast: Cast) -> None:
    assert reason_of("") is Reason.MISSING
    assert reason_of("not.a.token") is Reason.MALFORMED
    assert reason_of("a" * 100_000) is Reason.MALFORMED
