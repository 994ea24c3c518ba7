"""Routes of the pages: operator."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.activity import views as activity
from toiya.web.billing import views as billing
from toiya.web.operator import agreements, applications, entries, home, older, partners, programme, web_mail
from toiya.web.orders import orders

app_name = "operator"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("applications/", applications.queue, name="applications"),
    path("applications/<uuid:application_id>/", applications.application, name="application"),
    path("applications/<uuid:application_id>/checks/<str:kind>/", applications.check, name="check"),
    path("applications/<uuid:application_id>/questions/", applications.ask, name="ask"),
    path("applications/<uuid:application_id>/approval/", applications.approve, name="approve"),
    path("applications/<uuid:application_id>/rejection/", applications.reject, name="reject"),
    path("partners/", partners.partners, name="partners"),
    path("partners/new/", partners.register, name="register_provider"),
    path("partners/<uuid:tenant_id>/", partners.partner, name="partner"),
    path("partners/<uuid:tenant_id>/<str:capacity>/suspension/", partners.suspend, name="suspend"),
    path("partners/<uuid:tenant_id>/<str:capacity>/suspension/lift/", partners.restore, name="restore"),
    path("directory-entries/", entries.waiting, name="entries"),
    path("partners/<uuid:tenant_id>/directory-entry/", entries.entry, name="entry"),
    path("partners/<uuid:tenant_id>/directory-entry/approval/", entries.approve, name="approve_entry"),
    path("partners/<uuid:tenant_id>/directory-entry/return/", entries.give_back, name="return_entry"),
    path("partners/<uuid:tenant_id>/directory-entry/withdrawal/", entries.withdraw, name="withdraw_entry"),
    path("older-relationships/", older.register, name="older_relationships"),
    path("older-relationships/new/", older.add, name="register_older_relationship"),
    path("older-relationships/<uuid:entry_id>/removal/", older.remove, name="remove_older_relationship"),
    path("agreements/", agreements.versions, name="agreements"),
    path("agreements/new/", agreements.publish, name="publish_agreement"),
    path("agreements/<uuid:agreement_id>/", agreements.version, name="agreement"),
    path("programme/", programme.words, name="programme"),
    path("programme/countries/", programme.countries, name="countries"),
    path("programme/countries/new/", programme.add_country, name="add_country"),
    path("programme/countries/<str:code>/", programme.country, name="country"),
    path("web-mail/", web_mail.domains, name="web_mail"),
    path("web-mail/new/", web_mail.add, name="add_web_mail"),
    path("web-mail/<int:entry_id>/removal/", web_mail.remove, name="remove_web_mail"),
    path("activity/", activity.operator_log, name="activity"),
    path("activity/export/", activity.export, name="activity_export"),
    path("orders/", orders.operator_listing, name="orders_list"),
    path("orders/export.<str:form>", orders.operator_export, name="orders_export"),
    path("orders/<uuid:order_id>/", orders.operator_order, name="orders_order"),
    path("invoices/", billing.operator_listing, name="invoices_list"),
    path("invoices/export.<str:form>", billing.operator_export, name="invoices_export"),
    path("invoices/run/", billing.run, name="invoices_run"),
    path("invoices/<uuid:invoice_id>/", billing.operator_invoice, name="invoices_invoice"),
    path("invoices/<uuid:invoice_id>/lines.<str:form>", billing.operator_export_lines, name="invoices_lines"),
]
