"""The documents by which client libraries find the addresses and keys of tokens.

Addresses are always those of the configured origin (T-26), whatever name the request came by.
"""

from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from jwt.utils import to_base64url_uint

from toiya.api.tokens.answers import UNKNOWN_TENANT, refused
from toiya.tokens.issue import ALGORITHM
from toiya.tokens.keys import public_part, published_keys
from toiya.tokens.protocol import DEVICE_GRANT
from toiya.tokens.realms import Realm, UnknownRealm, realm_of

FRESH = "public, max-age=3600"


def document(request: HttpRequest, segment: str, version: int) -> HttpResponse:
    """The OpenID Connect discovery document of an organisation."""
    try:
        realm = realm_of(segment)
    except UnknownRealm:
        return refused(request, UNKNOWN_TENANT)
    return _public(_document(realm, version))


def _document(realm: Realm, version: int) -> dict[str, Any]:
    base = f"{settings.ORIGIN}/{realm.segment}"
    part = "/v2.0" if version == 2 else ""
    whose = str(realm.tenant_id) if realm.tenant_id else "{tenantid}"
    return {
        "issuer": f"{settings.ORIGIN}/{whose}/v2.0",
        "authorization_endpoint": f"{base}/oauth2{part}/authorize",
        "token_endpoint": f"{base}/oauth2{part}/token",
        "device_authorization_endpoint": f"{base}/oauth2{part}/devicecode",
        "jwks_uri": f"{base}/discovery{part}/keys",
        "response_types_supported": ["code", "code id_token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": [
            "authorization_code",
            "client_credentials",
            "refresh_token",
            DEVICE_GRANT,
        ],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "name", "tid", "oid"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def keys(request: HttpRequest, segment: str) -> HttpResponse:
    """The public keys with which anybody checks our signatures."""
    try:
        realm_of(segment)
    except UnknownRealm:
        return refused(request, UNKNOWN_TENANT)
    return _public(
        {"keys": [_key(str(key.pk), public_part(key.public).public_numbers()) for key in published_keys()]}
    )


def _key(kid: str, numbers: RSAPublicNumbers) -> dict[str, str]:
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": ALGORITHM,
        "kid": kid,
        "n": to_base64url_uint(numbers.n).decode(),
        "e": to_base64url_uint(numbers.e).decode(),
    }


def instance(request: HttpRequest) -> HttpResponse:
    """Client libraries ask whether an authority is one. The name they asked about is another name of ours: whoever
    got this answer over TLS has trusted it already.
    """
    asked = urlsplit(request.GET.get("authorization_endpoint", ""))
    own = urlsplit(settings.ORIGIN).netloc
    segment = asked.path.strip("/").partition("/")[0] or "common"
    try:
        realm = realm_of(segment)
    except UnknownRealm:
        return refused(request, UNKNOWN_TENANT)
    names = [own, *settings.OTHER_HOSTS]
    return _public(
        {
            "tenant_discovery_endpoint": f"{settings.ORIGIN}/{realm.segment}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": own, "preferred_cache": own, "aliases": names}],
        }
    )


def user_realm(request: HttpRequest, user_name: str) -> HttpResponse:
    """Every account is managed here; the same for a name that nobody has (T-38)."""
    return _public(
        {
            "ver": "1.0",
            "account_type": "Managed",
            "domain_name": user_name.rpartition("@")[2],
            "cloud_instance_name": urlsplit(settings.ORIGIN).netloc,
            "cloud_audience_urn": settings.ORIGIN,
        }
    )


def _public(body: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(body)
    response.headers["Cache-Control"] = FRESH
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
