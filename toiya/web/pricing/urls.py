"""Routes of the pages: price lists, promotions, price rules."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.pricing import lists, partner_lists, partner_promotions, promotions, rates, rules

OPERATOR = "operator/catalogue/"
LIST = OPERATOR + "price-lists/<uuid:list_id>/"
PROMOTION = OPERATOR + "promotions/<uuid:promotion_id>/"
PRICES = "dashboard/prices/"
RULE = PRICES + "rules/<uuid:rule_id>/"

app_name = "pricing"
urlpatterns: list[URLPattern | URLResolver] = [
    path(OPERATOR + "price-lists/", lists.listing, name="lists"),
    path(OPERATOR + "price-lists/new/", lists.new, name="new_list"),
    path(LIST, lists.price_list, name="list"),
    path(LIST + "lines/", lists.save_lines, name="save_lines"),
    path(LIST + "edit/", lists.edit, name="edit_list"),
    path(LIST + "import/", lists.import_file, name="import_list"),
    path(LIST + "export.<str:form>", lists.export, name="export_list"),
    path(LIST + "publication/", lists.publish, name="publish_list"),
    path(LIST + "removal/", lists.delete, name="delete_list"),
    path(OPERATOR + "promotions/", promotions.listing, name="promotions"),
    path(OPERATOR + "promotions/new/", promotions.new, name="new_promotion"),
    path(PROMOTION, promotions.promotion, name="promotion"),
    path(PROMOTION + "edit/", promotions.edit, name="edit_promotion"),
    path(PROMOTION + "publication/", promotions.publish, name="publish_promotion"),
    path(PROMOTION + "end/", promotions.end, name="end_promotion"),
    path(PRICES, partner_lists.price_list, name="price_list"),
    path(PRICES + "export.<str:form>", partner_lists.export, name="price_list_export"),
    path(PRICES + "ours/", partner_lists.our_prices, name="our_prices"),
    path(PRICES + "ours/export.<str:form>", partner_lists.export_our_prices, name="our_prices_export"),
    path(PRICES + "promotions/", partner_promotions.promotions, name="running_promotions"),
    path(PRICES + "rules/", rules.listing, name="rules"),
    path(PRICES + "rules/new/", rules.new, name="new_rule"),
    path(PRICES + "rules/import/", rules.import_file, name="import_rules"),
    path(PRICES + "rules/export.<str:form>", rules.export, name="export_rules"),
    path(RULE, rules.edit, name="rule"),
    path(RULE + "removal/", rules.remove, name="remove_rule"),
    path(RULE + "restoration/", rules.restore, name="restore_rule"),
    path(PRICES + "rates/", rates.rates, name="rates"),
]
