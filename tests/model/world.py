"""Where every history begins: two providers, two resellers, two customers, something to buy, a stopped clock."""

from dataclasses import dataclass

from tests.cast import Cast, actor_of, found, hire
from tests.commerce import Shop, build_shop, rule
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, Role
from toiya.directory.models import Family, Person, Tenant
from toiya.pricing.models import PriceBasis


@dataclass(frozen=True)
class World:
    """Everybody by the name of their organisation."""

    cast: Cast
    shop: Shop
    tenants: dict[str, Tenant]
    admins: dict[str, Person]
    users: dict[str, list[Person]]

    def actor(self, name: str) -> Actor:
        """The global administrator of the organisation, as they act now."""
        return actor_of(self.admins[name])


PROVIDERS, RESELLERS, CUSTOMERS = ("hinode", "midori"), ("kawase", "yamabuki"), ("aoba", "momiji")
CAPACITIES = {
    **dict.fromkeys(PROVIDERS, Capacity.PROVIDER),
    **dict.fromkeys(RESELLERS, Capacity.RESELLER),
}
OFFERS = {"office": "office", "office monthly": "office", "trial": "trial", "archive": "archive"}


def build_world(cast: Cast) -> World:
    """Nobody is related to anybody yet."""
    momiji = found(cast.family, "モミジ製作所", "momiji.example")
    moe = hire(momiji, "Moe", Role.GLOBAL_ADMIN)
    shop = build_shop(cast)
    rule(cast.midori, Capacity.PROVIDER, PriceBasis.COST, percent=2000)
    rule(cast.yamabuki, Capacity.RESELLER, PriceBasis.RETAIL)
    Family.objects.filter(pk=cast.family.pk).update(clock_stopped_at=real_now())
    tenants = {
        "operator": cast.operator,
        "hinode": cast.hinode,
        "midori": cast.midori,
        "kawase": cast.kawase,
        "yamabuki": cast.yamabuki,
        "aoba": cast.aoba,
        "momiji": momiji,
    }
    admins = {
        "operator": cast.ren,
        "hinode": cast.mei,
        "midori": cast.jun,
        "kawase": cast.kai,
        "yamabuki": cast.yui,
        "aoba": cast.emi,
        "momiji": moe,
    }
    users = {
        "aoba": [cast.taro, hire(cast.aoba, "Aya"), hire(cast.aoba, "Ao")],
        "momiji": [hire(momiji, "Miu"), hire(momiji, "Mao")],
    }
    return World(cast, shop, tenants, admins, users)
