"""The words of the agreements of the programme, for whoever is to accept them."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation

from toiya.core.errors import NotVisible
from toiya.programme.agreements import agreement_version, document_behind
from toiya.web.http import PublicRequest


def agreement(request: PublicRequest, agreement_id: uuid.UUID) -> HttpResponse:
    """One published version in the reader's language; published words are no secret."""
    found = agreement_version(agreement_id)
    if found is None:
        raise NotVisible
    return render(request, "public/agreement.html", {"agreement": found})


def document(request: PublicRequest, token: str) -> HttpResponse:
    """The same in the language that a program asked for, as a page or as a file (``?download``)."""
    found, language = document_behind(token)
    with translation.override(language):
        response = render(request, "public/agreement_document.html", {"agreement": found})
    if "download" in request.GET:
        name = f"{found.kind}-agreement-{found.version}-{language}.html"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
