"""Routes of the pages: catalogue."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.catalogue import browse, products, skus

OPERATOR = "operator/catalogue/"
PRODUCT = OPERATOR + "products/<uuid:product_id>/"
SKU = OPERATOR + "skus/<uuid:sku_id>/"
OFFER = OPERATOR + "availabilities/<uuid:availability_id>/"

app_name = "catalogue"
urlpatterns: list[URLPattern | URLResolver] = [
    path(OPERATOR, products.listing, name="products"),
    path(OPERATOR + "export.<str:form>", products.export, name="export"),
    path(OPERATOR + "categories/", products.categories, name="categories"),
    path(OPERATOR + "categories/new/", products.new_category, name="new_category"),
    path(OPERATOR + "categories/<uuid:category_id>/", products.category, name="category"),
    path(OPERATOR + "products/new/", products.new_product, name="new_product"),
    path(PRODUCT, products.product, name="product"),
    path(PRODUCT + "edit/", products.edit_product, name="edit_product"),
    path(PRODUCT + "publication/", products.publish, name="publish_product"),
    path(PRODUCT + "withdrawal/", products.withdraw, name="withdraw_product"),
    path(PRODUCT + "restoration/", products.restore, name="restore_product"),
    path(PRODUCT + "skus/new/", skus.new_sku, name="new_sku"),
    path(SKU, skus.sku, name="sku"),
    path(SKU + "edit/", skus.edit_sku, name="edit_sku"),
    path(SKU + "withdrawal/", skus.withdraw, name="withdraw_sku"),
    path(SKU + "restoration/", skus.restore, name="restore_sku"),
    path(SKU + "availabilities/", skus.add_offers, name="add_availabilities"),
    path(OFFER + "withdrawal/", skus.withdraw_offer, name="withdraw_availability"),
    path(OFFER + "restoration/", skus.restore_offer, name="restore_availability"),
    path("dashboard/catalogue/", browse.catalogue, name="browse"),
    path("dashboard/catalogue/export.<str:form>", browse.export, name="browse_export"),
    path("dashboard/catalogue/<uuid:product_id>/", browse.product, name="browse_product"),
    path("dashboard/catalogue/<uuid:product_id>/pin/", browse.pin, name="pin"),
    path("dashboard/catalogue/<uuid:product_id>/pin/removal/", browse.unpin, name="unpin"),
]
