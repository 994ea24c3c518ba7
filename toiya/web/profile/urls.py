"""Routes of the partner profile and of a provider's directory entry."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.profile import billing, entry, tax, views

app_name = "profile"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/settings/partner-profile/", views.partner, name="partner"),
    path("dashboard/settings/partner-profile/edit/", views.edit, name="edit"),
    path("dashboard/settings/partner-profile/billing/", billing.billing, name="billing"),
    path("dashboard/settings/partner-profile/tax/", tax.tax, name="tax"),
    path(
        "dashboard/settings/partner-profile/directory-entry/", entry.directory_entry, name="directory_entry"
    ),
]
