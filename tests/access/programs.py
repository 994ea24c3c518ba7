"""Programs of two organisations, for the access matrix: registrations, secrets, and people who let them in."""

import uuid
from collections.abc import Mapping

from tests.api.tokens import let_in, program_of, secret_of
from tests.cast import Cast
from toiya.core.permissions import Role

NONE: frozenset[str] = frozenset()
NOBODY = uuid.UUID("00000000-0000-4000-8000-000000000000")
Instances = dict[str, tuple[Mapping[str, object], frozenset[str]]]


def programs(cast: Cast, everybody: frozenset[str]) -> dict[str, Instances]:
    """The kinds of object of the routes about programs."""
    apps: Instances = {"nonexistent": ({"application_id": NOBODY}, NONE)}
    secrets: Instances = {"nonexistent": ({"application_id": NOBODY, "secret_id": NOBODY}, NONE)}
    let: Instances = {"nonexistent": ({"authorization_id": NOBODY}, NONE)}
    for tenant, administrator, helper in (
        ("hinode", cast.mei, cast.sora),
        ("kawase", cast.kai, cast.kai),
        ("aoba", cast.emi, cast.emi),
    ):
        own = frozenset({tenant})
        roles = () if tenant == "aoba" else (Role.SALES_AGENT,)
        program = program_of(administrator, *roles)
        secret_of(administrator, program)
        apps[tenant] = ({"application_id": program.pk}, own)
        secrets[tenant] = ({"application_id": program.pk, "secret_id": program.secrets.get().pk}, own)
        may_end = frozenset({f"person {person.name.lower()}" for person in (administrator, helper)})
        let[tenant] = ({"authorization_id": let_in(helper, program).pk}, may_end)
    addresses: Instances = {
        name: ({"segment": name}, everybody) for name in ("common", "hinode.example", str(NOBODY))
    }
    return {
        "app registration": apps,
        "secret of a program": secrets,
        "authorization": let,
        "address of tokens": addresses,
        "user name": {"-": ({"user_name": "mei@hinode.example"}, everybody)},
    }
