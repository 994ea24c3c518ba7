"""A program without a browser shows a code; a person types it here and decides (RFC 8628)."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import TooManyAttempts
from toiya.tokens.authorizations import approve_device, decline_device, waiting_device
from toiya.tokens.errors import UnknownUserCode
from toiya.web.http import PersonRequest
from toiya.web.tokens.forms import DeviceForm
from toiya.web.tokens.powers import powers_of


def device(request: PersonRequest) -> HttpResponse:
    """Type the code, look at the program, let it in or not. What a link brings along is never a code: whoever sent
    the link would have chosen the program.
    """
    if request.method != "POST":
        return render(request, "applications/device.html", {"form": DeviceForm()})
    form = DeviceForm(request.POST)
    if not form.is_valid():
        return render(request, "applications/device.html", {"form": form}, status=400)
    try:
        return _decide(request, form.cleaned_data["code"])
    except (UnknownUserCode, TooManyAttempts) as refusal:
        form.add_error("code", str(refusal))
        return render(request, "applications/device.html", {"form": form}, status=refusal.status)


def _decide(request: PersonRequest, code: str) -> HttpResponse:
    waiting = waiting_device(request.actor, code)
    if "approve" in request.POST:
        approve_device(request.actor, device=waiting)
        messages.success(
            request,
            _("“%(name)s” may act for you now. Go back to the application.")
            % {"name": waiting.application.name},
        )
        return HttpResponseRedirect(reverse("applications:mine"))
    if "decline" in request.POST:
        decline_device(request.actor, device=waiting)
        messages.info(request, _("The application has been told no."))
        return HttpResponseRedirect(reverse("applications:device"))
    context = {
        "application": waiting.application,
        "publisher": request.actor.organization,
        "powers": powers_of(waiting.scope.split()),
        "code": code,
    }
    return render(request, "applications/device_question.html", context)
