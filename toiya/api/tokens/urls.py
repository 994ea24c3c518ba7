"""Routes of tokens and of the documents by which clients find them.

The first segment names an organisation and may be anything, so each pattern ends in words that no page has.
"""

from django.urls import URLPattern, URLResolver

from toiya.api.tokens import discovery, views
from toiya.core.addresses import any_case

app_name = "tokens"
TENANT = "(?P<segment>[^/]+)"
V1, V2 = {"version": 1}, {"version": 2}
urlpatterns: list[URLPattern | URLResolver] = [
    any_case(f"{TENANT}/oauth2/token", views.token, V1, name="token_v1"),
    any_case(rf"{TENANT}/oauth2/v2\.0/token", views.token, V2, name="token"),
    any_case(f"{TENANT}/oauth2/devicecode", views.device_code, V1, name="device_code_v1"),
    any_case(rf"{TENANT}/oauth2/v2\.0/devicecode", views.device_code, V2, name="device_code"),
    any_case("generatetoken", views.generate_token, name="generate_token"),
    any_case(rf"{TENANT}/\.well-known/openid-configuration", discovery.document, V1, name="discovery_v1"),
    any_case(rf"{TENANT}/v2\.0/\.well-known/openid-configuration", discovery.document, V2, name="discovery"),
    any_case(f"{TENANT}/discovery/keys", discovery.keys, name="keys_v1"),
    any_case(rf"{TENANT}/discovery/v2\.0/keys", discovery.keys, name="keys"),
    any_case("common/discovery/instance", discovery.instance, name="instance"),
    any_case("common/UserRealm/(?P<user_name>[^/]+)", discovery.user_realm, name="user_realm"),
]
