"""One's own password and second factors."""

import base64
from urllib.parse import urlencode

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.errors import Refusal, TooManyAttempts
from toiya.directory.factors import (
    Kind,
    activate_totp,
    add_passkey,
    factors_of,
    forgive_attempt,
    has_second_factor,
    limit_attempts,
    remove_factor,
    renew_recovery_codes,
)
from toiya.directory.models import Person
from toiya.directory.sign_in import change_password, confirm_password
from toiya.web.http import PersonRequest
from toiya.web.sign_in.destinations import home_of, next_of
from toiya.web.sign_in.factors import person_acting, remember_factor
from toiya.web.sign_in.forms import ActivateAppForm, AddPasskeyForm, ChangePasswordForm


def security(request: PersonRequest) -> HttpResponse:
    """The password and the factors that this person has."""
    factors = factors_of(_person(request))
    looks = {Kind.TOTP: ("phone", _("Authenticator app")), Kind.WEBAUTHN: ("fingerprint", "")}
    rows = [
        {
            "factor": factor,
            "icon": looks[factor.type][0],
            "name": factor.data.get("name") or looks[factor.type][1],
        }
        for factor in factors
        if factor.type in looks
    ]
    context = {
        "rows": rows,
        "has_app": any(factor.type == Kind.TOTP for factor in factors),
        "codes_left": sum(
            len(factor.wrap().get_unused_codes()) for factor in factors if factor.type == Kind.RECOVERY_CODES
        ),
    }
    return render(request, "sign_in/security.html", context)


def _person(request: HttpRequest) -> Person:
    person = request.user
    assert isinstance(person, Person), "the access table asked for somebody signed in"  # noqa: S101
    return person


def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; with a temporary one, before anything else (S-056)."""
    form = ChangePasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            confirm_password(_person(request), form.cleaned_data["present"])
            person = change_password(person_acting(request), new=form.cleaned_data["new"])
        except Refusal as refusal:
            form.add_error(refusal.field, form.refuse(refusal))
        else:
            update_session_auth_hash(request, person)
            messages.success(request, _("Your password has been changed."))
            return HttpResponseRedirect(next_of(request) or home_of(person))
    context = {"form": form, "next": next_of(request), "is_forced": _person(request).must_change_password}
    status = TooManyAttempts.status if form.is_limited else 200
    return render(request, "sign_in/password.html", context, status=status)


def _may_add(request: HttpRequest) -> Actor:
    """The first factor follows the password; every further one needs a fresh second factor (T-22)."""
    actor = person_acting(request)
    if has_second_factor(_person(request)):
        actor.must_be_fresh()
    return actor


def app(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator app: scan, type the code, keep the recovery codes."""
    person = _person(request)
    if any(factor.type == Kind.TOTP for factor in factors_of(person)):
        return HttpResponseRedirect(next_of(request) or reverse("mfa_index"))
    actor = _may_add(request)
    form = ActivateAppForm(request.POST if request.method == "POST" else None, user=person)
    if request.method == "POST" and form.is_valid():
        try:
            limit_attempts(person)
            codes = activate_totp(actor, secret=form.secret, code=form.cleaned_data["code"])
        except Refusal as refusal:
            form.add_error(refusal.field, form.refuse(refusal))
        else:
            forgive_attempt(person)
            return _factor_added(request, codes, Kind.TOTP)
    url = get_adapter().build_totp_url(person, form.secret)
    picture = base64.b64encode(get_adapter().build_totp_svg(url).encode()).decode()
    context = {
        "form": form,
        "next": next_of(request),
        "picture": f"data:image/svg+xml;base64,{picture}",
        "url": url,
        "secret": " ".join(form.secret[at : at + 4] for at in range(0, len(form.secret), 4)),
        "is_first": not has_second_factor(person),
        "passkey_url": f"{reverse('mfa_add_webauthn')}?{urlencode({'next': next_of(request)})}",
    }
    status = TooManyAttempts.status if form.is_limited else 200
    return render(request, "sign_in/app.html", context, status=status)


def passkey(request: HttpRequest) -> HttpResponse:
    """Add a passkey or security key."""
    person = _person(request)
    actor = _may_add(request)
    form = AddPasskeyForm(request.POST if request.method == "POST" else None, initial={"name": _("Passkey")})
    if request.method == "POST" and form.is_valid():
        codes = add_passkey(actor, name=form.cleaned_data["name"], credential=form.cleaned_data["credential"])
        return _factor_added(request, codes, Kind.WEBAUTHN)
    context = {
        "form": form,
        "next": next_of(request),
        "creation_options": webauthn.begin_registration(person, passwordless=False),
        "is_first": not has_second_factor(person),
    }
    return render(request, "sign_in/passkey.html", context)


def _factor_added(request: HttpRequest, codes: list[str], kind: str) -> HttpResponse:
    """The session goes on with the factor that was just proved; first recovery codes are shown once, here."""
    person = _person(request)
    person.refresh_from_db()
    update_session_auth_hash(request, person)
    remember_factor(request, person, kind)
    target = next_of(request) or home_of(person)
    if not codes:
        messages.success(request, _("The second factor has been added."))
        return HttpResponseRedirect(next_of(request) or reverse("mfa_index"))
    return render(
        request, "sign_in/recovery_codes.html", {"codes": codes, "target": target, "is_first": True}
    )


def remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Give up an app or a passkey."""
    request.actor.must_be_fresh()
    factor = next((factor for factor in factors_of(_person(request)) if factor.pk == pk), None)
    if request.method == "POST" or factor is None:
        person = remove_factor(request.actor, factor_id=pk)
        update_session_auth_hash(request, person)
        messages.success(request, _("The second factor has been removed."))
        return HttpResponseRedirect(reverse("mfa_index"))
    return render(request, "sign_in/remove.html", {"factor": factor})


def recovery_codes(request: PersonRequest) -> HttpResponse:
    """New recovery codes, shown once on the answer."""
    codes = renew_recovery_codes(request.actor)
    person = _person(request)
    person.refresh_from_db()
    update_session_auth_hash(request, person)
    return render(request, "sign_in/recovery_codes.html", {"codes": codes, "target": reverse("mfa_index")})
