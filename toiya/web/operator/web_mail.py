"""The list of web-mail domains (S-039)."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import Refusal
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.programme.web_mail import add_web_mail_domain, remove_web_mail_domain, web_mail_domains
from toiya.web.http import PersonRequest
from toiya.web.operator.forms import WebMailForm
from toiya.web.paging import cursor_of, pager_of


def domains(request: PersonRequest) -> HttpResponse:
    """The list, searchable."""
    return _page(request, WebMailForm())


def _page(request: PersonRequest, form: WebMailForm) -> HttpResponse:
    text = request.GET.get("q", "")[:253]
    found = web_mail_domains(text)
    page = page_by_key(found, fields=("name",), cursor=cursor_of(request))
    context = {
        "form": form,
        "q": text,
        "rows": page.rows,
        "count": found.count(),
        "pager": pager_of(request, page),
        "may_manage": request.actor.may(Permission.PROGRAMME_MANAGE),
    }
    return render(request, "operator/web_mail.html", context, status=400 if form.errors else 200)


def add(request: PersonRequest) -> HttpResponse:
    """One more domain whose addresses are refused."""
    form = WebMailForm(request.POST)
    if form.is_valid():
        try:
            entry = add_web_mail_domain(request.actor, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(
                request, _("Addresses of %(domain)s are refused from now on.") % {"domain": entry.name}
            )
            return HttpResponseRedirect(reverse("operator:web_mail"))
    return _page(request, form)


def remove(request: PersonRequest, entry_id: int) -> HttpResponse:
    """Addresses of the domain are accepted again."""
    name = remove_web_mail_domain(request.actor, entry_id=entry_id)
    if name:
        messages.success(request, _("Addresses of %(domain)s are accepted again.") % {"domain": name})
    return HttpResponseRedirect(reverse("operator:web_mail"))
