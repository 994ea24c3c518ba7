"""Routes of carts, orders and order requests."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.orders import carts, choosing, orders, requests

app_name = "orders"
urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/customers/<uuid:customer_id>/order/", choosing.choose, name="choose"),
    path("dashboard/customers/<uuid:customer_id>/order/line/", choosing.line, name="line"),
    path("dashboard/customers/<uuid:customer_id>/cart/", carts.cart, name="cart"),
    path("dashboard/customers/<uuid:customer_id>/cart/parties/", carts.parties, name="parties"),
    path("dashboard/customers/<uuid:customer_id>/cart/remove/", carts.remove, name="remove"),
    path("dashboard/customers/<uuid:customer_id>/cart/restore/", carts.restore, name="restore"),
    path("dashboard/customers/<uuid:customer_id>/cart/empty/", carts.empty, name="empty"),
    path("dashboard/customers/<uuid:customer_id>/cart/checkout/", carts.checkout, name="checkout"),
    path("dashboard/orders/", orders.listing, name="list"),
    path("dashboard/orders/export.<str:form>", orders.export, name="export"),
    path("dashboard/orders/<uuid:order_id>/", orders.order, name="order"),
    path("dashboard/order-requests/", requests.listing, name="requests"),
    path("dashboard/order-requests/export.<str:form>", requests.export, name="export_requests"),
    path("dashboard/order-requests/<uuid:request_id>/", requests.show, name="request"),
    path("dashboard/order-requests/<uuid:request_id>/approve/", requests.approve, name="approve"),
    path("dashboard/order-requests/<uuid:request_id>/change/", requests.change, name="change"),
    path("dashboard/order-requests/<uuid:request_id>/decline/", requests.decline, name="decline"),
    path("dashboard/order-requests/<uuid:request_id>/accept/", requests.accept, name="accept"),
    path("dashboard/order-requests/<uuid:request_id>/withdraw/", requests.withdraw, name="withdraw"),
    path(
        "dashboard/indirect-resellers/<uuid:reseller_id>/automatic-approval/",
        requests.automatic,
        name="automatic",
    ),
]
