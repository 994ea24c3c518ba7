"""Routes of a provider's invoices; the operator's stand among the operator's pages."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.billing import views

app_name = "billing"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/invoices/", views.listing, name="list"),
    path("dashboard/invoices/export.<str:form>", views.export, name="export"),
    path("dashboard/invoices/<uuid:invoice_id>/", views.invoice, name="invoice"),
    path("dashboard/invoices/<uuid:invoice_id>/lines.<str:form>", views.export_lines, name="lines"),
]
