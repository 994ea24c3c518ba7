"""Routes of users and licences: of a customer, and of the own organisation. The first pages of a customer's users and
licences are named among its other tabs (web/customers/urls.py).
"""

from django.urls import URLPattern, URLResolver, path

from toiya.web.licences import pools, user, users

app_name = "licences"
CUSTOMER = "dashboard/customers/<uuid:customer_id>"
USER = f"{CUSTOMER}/users/<uuid:person_id>"
OWN = "organization/licences"
urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{CUSTOMER}/users/export.<str:form>", users.users_export, name="users_export"),
    path(f"{CUSTOMER}/users/select/", users.select, name="select"),
    path(f"{CUSTOMER}/users/licences/", users.many, name="many"),
    path(f"{CUSTOMER}/users/deleted/", users.deleted, name="deleted"),
    path(f"{CUSTOMER}/users/add/", user.add, name="add"),
    path(f"{USER}/", user.show, name="user"),
    path(f"{USER}/user-name/", user.rename, name="user_name"),
    path(f"{USER}/role/", user.role, name="user_role"),
    path(f"{USER}/licences/", user.licences, name="user_licences"),
    path(f"{USER}/disable/", user.disable, name="user_disable"),
    path(f"{USER}/enable/", user.enable, name="user_enable"),
    path(f"{USER}/delete/", user.delete, name="user_delete"),
    path(f"{USER}/restore/", user.restore, name="user_restore"),
    path(f"{USER}/password/", user.new_password, name="user_password"),
    path(f"{CUSTOMER}/licences/export.<str:form>", pools.pools_export, name="pools_export"),
    path(f"{CUSTOMER}/licences/<uuid:sku_id>/", pools.holders, name="holders"),
    path(f"{CUSTOMER}/licences/<uuid:sku_id>/export.<str:form>", pools.holders_export, name="holders_export"),
    path(f"{OWN}/", pools.pools, name="own_pools"),
    path(f"{OWN}/export.<str:form>", pools.pools_export, name="own_pools_export"),
    path(f"{OWN}/users/", users.users, name="own_users"),
    path(f"{OWN}/users/export.<str:form>", users.users_export, name="own_users_export"),
    path(f"{OWN}/users/select/", users.select, name="own_select"),
    path(f"{OWN}/users/many/", users.many, name="own_many"),
    path(f"{OWN}/<uuid:sku_id>/", pools.holders, name="own_holders"),
    path(f"{OWN}/<uuid:sku_id>/export.<str:form>", pools.holders_export, name="own_holders_export"),
]
