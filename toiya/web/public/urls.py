"""Routes of the pages: public."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.people import help as role_help
from toiya.web.public import agreements, views

app_name = "public"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.welcome, name="welcome"),
    path("become-a-reseller/", views.become_reseller, name="become_reseller"),
    path("providers/", views.providers, name="providers"),
    path("providers/<uuid:provider_id>/", views.provider, name="provider"),
    path("agreements/<uuid:agreement_id>/", agreements.agreement, name="agreement"),
    path("agreements/document/<str:token>/", agreements.document, name="agreement_document"),
    path("help/roles/", role_help.roles, name="roles"),
    path("help/roles/guide/", role_help.role_guide, name="role_guide"),
    path("help/work-account/", views.work_account_help, name="work_account_help"),
]
