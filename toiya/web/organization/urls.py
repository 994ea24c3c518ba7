"""Routes of the organisation portal."""

from django.urls import URLPattern, URLResolver, include, path

from toiya.web.activity import views as activity
from toiya.web.orders import orders
from toiya.web.organization import agreements, partners, people
from toiya.web.radar import views as radar
from toiya.web.subscriptions.urls import own_routes
from toiya.web.tokens.urls import own_routes as application_routes
from toiya.web.wishes import views as wishes

app_name = "organization"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", partners.home, name="home"),
    path("people/", include(people.routes)),
    path("subscriptions/", include(own_routes)),
    path("applications/", include(application_routes)),
    path("partners/", partners.relationships, name="partners"),
    path("partners/access/<uuid:grant_id>/remove/", partners.remove_access, name="remove_access"),
    path("agreement/", agreements.agreement, name="agreement"),
    path("renewals/", radar.bought, name="renewals"),
    path("renewals/export.<str:form>", radar.export_bought, name="renewals_export"),
    path("requests/", wishes.own, name="wishes"),
    path("requests/new/", wishes.make, name="make_wish"),
    path("requests/<uuid:wish_id>/withdraw/", wishes.withdraw, name="withdraw_wish"),
    path("activity/", activity.organization_log, name="activity"),
    path("activity/export/", activity.export, name="activity_export"),
    path("orders/", orders.organization_listing, name="orders_list"),
    path("orders/export.<str:form>", orders.organization_export, name="orders_export"),
    path("orders/<uuid:order_id>/", orders.organization_order, name="orders_order"),
]
