"""Where a vendor's system says how a task ended. It signs, instead of signing in (docs/connectors.md)."""

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from toiya.core.outbound import LONGEST_BODY
from toiya.fulfilment.call_backs import Envelope
from toiya.fulfilment.errors import CallBackRefused
from toiya.orders.fulfilling import receive_call_back

TOO_LONG = 413
OVER = 409


@csrf_exempt
def receive(request: HttpRequest, task_id: uuid.UUID) -> HttpResponse:
    """Answers in a few words for machines, the same for a wrong signature and a task that does not exist."""
    if _length(request) > LONGEST_BODY:
        return JsonResponse({"error": "too_long"}, status=TOO_LONG)
    envelope = Envelope(
        message_id=request.headers.get("webhook-id", ""),
        timestamp=request.headers.get("webhook-timestamp", ""),
        signatures=request.headers.get("webhook-signature", ""),
    )
    try:
        counted = receive_call_back(task_id, envelope=envelope, body=request.body)
    except CallBackRefused as refusal:
        return JsonResponse({"error": refusal.code}, status=refusal.status)
    if not counted:
        return JsonResponse({"error": "task_is_over"}, status=OVER)
    return JsonResponse({"taken": True})


def _length(request: HttpRequest) -> int:
    given = request.headers.get("content-length", "")
    return int(given) if given.isascii() and given.isdigit() else 0
