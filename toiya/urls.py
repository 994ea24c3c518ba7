"""All sites of one process."""

from django.conf import settings
from django.urls import include, path

from toiya.api.reference import reference
from toiya.web import views

urlpatterns = [
    path("", include("toiya.web.public.urls")),
    path("language/", views.set_language, name="set_language"),
    path("", include("toiya.web.sign_in.urls")),
    path("", include("toiya.web.enrolment.urls")),
    path("", include("toiya.web.partnerships.urls")),
    path("", include("toiya.web.customers.urls")),
    path("", include("toiya.web.catalogue.urls")),
    path("", include("toiya.web.pricing.urls")),
    path("", include("toiya.web.subscriptions.urls")),
    path("", include("toiya.web.orders.urls")),
    path("", include("toiya.web.billing.urls")),
    path("", include("toiya.web.licences.urls")),
    path("", include("toiya.web.devices.urls")),
    path("", include("toiya.web.people.urls")),
    path("", include("toiya.web.profile.urls")),
    path("dashboard/", include("toiya.web.dashboard.urls")),
    path("", include("toiya.web.activity.urls")),
    path("membership/", include("toiya.web.membership.urls")),
    path("organization/", include("toiya.web.organization.urls")),
    path("operator/", include("toiya.web.operator.urls")),
    path("", include("toiya.web.fulfilment.urls")),
    path("", include("toiya.web.webhooks.urls")),
    path("", include("toiya.web.health.urls")),
    path("", include("toiya.web.radar.urls")),
    path("", include("toiya.web.bulk.urls")),
    path("", include("toiya.web.wishes.urls")),
    path("", include("toiya.web.sandbox.urls")),
    path("docs/api", reference, name="api_reference"),
    path("", include("toiya.web.tokens.urls")),
    path("", include("toiya.api.tokens.urls")),
]
if settings.HAS_MAILBOX:
    urlpatterns.append(path("mailbox/", include("toiya.web.mailbox.urls")))

handler400 = "toiya.web.errors.bad_request"
handler403 = "toiya.web.errors.permission_denied"
handler404 = "toiya.web.errors.page_not_found"
handler500 = "toiya.web.errors.server_error"
