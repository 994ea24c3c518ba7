"""Routes of the pages: subscriptions and transfers."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.subscriptions import acts, lists, portal, transfers

app_name = "subscriptions"
ONE = "dashboard/subscriptions/<uuid:subscription_id>/"
TRANSFER = "dashboard/transfers/<uuid:transfer_id>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/subscriptions/", lists.listing, name="list"),
    path("dashboard/subscriptions/export.<str:form>", lists.export, name="export"),
    path(ONE, lists.subscription, name="subscription"),
    path(f"{ONE}quantity/", acts.page, {"act": acts.QUANTITY}, name="quantity"),
    path(f"{ONE}suspend/", acts.page, {"act": acts.SUSPEND}, name="suspend"),
    path(f"{ONE}reactivate/", acts.page, {"act": acts.REACTIVATE}, name="reactivate"),
    path(f"{ONE}cancel/", acts.page, {"act": acts.CANCEL}, name="cancel"),
    path(f"{ONE}auto-renew/", acts.page, {"act": acts.AUTO_RENEW}, name="auto_renew"),
    path(f"{ONE}schedule/", acts.page, {"act": acts.SCHEDULE}, name="schedule"),
    path(f"{ONE}schedule/remove/", acts.unschedule, name="unschedule"),
    path(f"{ONE}name/", acts.page, {"act": acts.NAME}, name="name"),
    path(f"{ONE}support-contact/", acts.page, {"act": acts.SUPPORT}, name="support"),
    path(f"{ONE}reseller/", acts.page, {"act": acts.RESELLER}, name="reseller"),
    path(f"{ONE}upgrade/", acts.page, {"act": acts.UPGRADE}, name="upgrade"),
    path(f"{ONE}convert/", acts.page, {"act": acts.CONVERT}, name="convert"),
    path("dashboard/transfers/", transfers.listing, name="transfers"),
    path("dashboard/transfers/ask/", transfers.ask, name="ask_transfer"),
    path(TRANSFER, transfers.transfer, name="transfer"),
    path(f"{TRANSFER}decline/", transfers.decline, name="decline_transfer"),
    path(f"{TRANSFER}withdraw/", transfers.withdraw, name="withdraw_transfer"),
]

_PORTAL: dict[str, object] = {"portal": True}
own_routes: list[URLPattern] = [
    path("", portal.listing, name="subscriptions"),
    path("<uuid:subscription_id>/", portal.subscription, name="subscription"),
    path("transfers/<uuid:transfer_id>/", transfers.transfer, _PORTAL, name="transfer"),
    path("transfers/<uuid:transfer_id>/decline/", transfers.decline, _PORTAL, name="decline_transfer"),
]
