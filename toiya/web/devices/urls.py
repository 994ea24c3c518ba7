"""Routes of the pages about a customer's devices."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.devices import devices, policies

app_name = "devices"
CUSTOMER = "dashboard/customers/<uuid:customer_id>"
DEVICE = f"{CUSTOMER}/devices/<uuid:device_id>"
POLICIES = f"{CUSTOMER}/policies"
urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{CUSTOMER}/devices/", devices.listing, name="list"),
    path(f"{CUSTOMER}/devices/export.<str:form>", devices.export, name="export"),
    path(f"{CUSTOMER}/devices/policy/", devices.assign, name="assign"),
    path(f"{DEVICE}/", devices.show, name="device"),
    path(f"{DEVICE}/delete/", devices.delete, name="delete"),
    path(f"{POLICIES}/", policies.listing, name="policies"),
    path(f"{POLICIES}/new/", policies.create, name="new_policy"),
    path(f"{POLICIES}/<uuid:policy_id>/", policies.edit, name="policy"),
    path(f"{POLICIES}/<uuid:policy_id>/delete/", policies.delete, name="delete_policy"),
]
