"""Tokens that are over, and what led to them."""

import datetime as dt

from toiya.core.clock import real_now
from toiya.tokens.keys import forget_retired_keys
from toiya.tokens.models import AccessToken, Authorization, AuthorizationCode, DeviceCode, RefreshToken

# So long something spent is still recognised when it comes back.
KEEP_SPENT = dt.timedelta(days=1)


def forget_old_tokens() -> int:
    """Remove tokens and codes that have expired, keys that no token needs, and authorizations that hold nothing."""
    now, removed = real_now(), 0
    for rows in (
        AccessToken.objects.filter(expires_at__lt=now - KEEP_SPENT),
        RefreshToken.objects.filter(expires_at__lt=now),
        AuthorizationCode.objects.filter(expires_at__lt=now - KEEP_SPENT),
        DeviceCode.objects.filter(expires_at__lt=now - KEEP_SPENT),
    ):
        removed += rows.delete()[0]
    empty = Authorization.objects.filter(
        refresh_tokens__isnull=True, access_tokens__isnull=True, codes__isnull=True, devices__isnull=True
    )
    return removed + empty.delete()[0] + forget_retired_keys()
