"""The ways in which a right ends, each through a page, and what of an agent's rights each of them ends.

One is no page: the clock passes the end of a grant. It is acknowledged when the time is there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from tests.cast import PASSWORD
from tests.relations.scene import Hand
from tests.relations.workers import Answer
from toiya.core.permissions import Capacity
from toiya.directory.models import Family
from toiya.subscriptions.models import Subscription, SubscriptionState

NEW = "a fresh long passphrase"
Send = Callable[[int], Answer | None]


@dataclass(frozen=True, slots=True)
class Revocation:
    """``begin`` opens the page with the form; what it returns sends the form through a process."""

    name: str
    side: Capacity
    ends: frozenset[str]
    begin: Callable[[Hand], Send]


def _post(hand: Hand, by: str, path: str, form: dict[str, object] | None = None) -> Send:
    people = {
        "head": hand.side.head,
        "emi": hand.scene.cast.emi,
        "ren": hand.scene.cast.ren,
        "mei": hand.scene.cast.mei,
    }
    browser = hand.sign_in(people[by])
    return lambda process: browser.post(process, path, form)


def grant_removed(hand: Hand) -> Send:
    """Aoba takes the access back."""
    return _post(hand, "emi", reverse("organization:remove_access", args=[hand.side.grant.pk]))


def access_unassigned(hand: Hand) -> Send:
    """No group of the partner may use the grant any more (relation 4)."""
    return _post(hand, "head", reverse("partnerships:assign_access", args=[hand.side.grant.pk]))


def _roles(**roles: str) -> Callable[[Hand], Send]:
    def begin(hand: Hand) -> Send:
        path = reverse("people:roles", args=[hand.side.agent.pk])
        return _post(
            hand, "head", path, {"admin": "", "agent": "", "incentives": "", "referrals": "", **roles}
        )

    return begin


def _account(act: str) -> Callable[[Hand], Send]:
    return lambda hand: _post(hand, "head", reverse(f"people:{act}", args=[hand.side.agent.pk]))


def password_changed(hand: Hand) -> Send:
    """The agent's own other browser."""
    elsewhere = hand.sign_in(hand.side.agent)
    form = {"present": PASSWORD, "new": NEW, "again": NEW}
    return lambda process: elsewhere.post(process, reverse("account_change_password"), form)


def signed_out(hand: Hand) -> Send:
    """Another tab of the same browser."""
    return lambda process: hand.browser.post(process, reverse("account_logout"))


def partnership_ended(hand: Hand) -> Send:
    """The provider ends it; access and relationships stay (rules (a) and (b))."""
    path = reverse("partnerships:end", args=[hand.scene.partnership.pk])
    return _post(hand, "mei", path, {"reason": "x"})


def relationship_removed(hand: Hand) -> Send:
    """The partner stops serving Aoba, after it has suspended what was active; the access stays (rule (a))."""
    Subscription.objects.filter(pk=hand.scene.subscription.pk).update(state=SubscriptionState.SUSPENDED)
    path = reverse("customers:remove", args=[hand.scene.cast.aoba.pk])
    return _post(hand, "head", path, {"reason": "x", "agree": "on"})


def suspended(hand: Hand) -> Send:
    """The operator stops the partner: it still sees and manages what it has (N-40), and uses no access."""
    path = reverse("operator:suspend", args=[hand.side.tenant.pk, hand.side.capacity.value])
    return _post(hand, "ren", path, {"reason": "x"})


def expired(hand: Hand) -> Send:
    """No page and no job: the family's clock stands at the end of the grant."""

    def pass_time(_process: int) -> None:
        Family.objects.filter(pk=hand.scene.cast.family.pk).update(
            clock_stopped_at=hand.side.grant.expires_at
        )

    return pass_time


def _program(act: str) -> Callable[[Hand], Send]:
    return lambda hand: _post(hand, "head", reverse(f"applications:{act}", args=[hand.application.pk]))


def secret_removed(hand: Hand) -> Send:
    """What the program got by the secret goes with it."""
    place = [hand.application.pk, hand.secret.pk]
    return _post(hand, "head", reverse("applications:remove_secret", args=place))


def program_s_roles_taken(hand: Hand) -> Send:
    """The program has the rights of another role when it acts by itself."""
    path = reverse("applications:roles", args=[hand.application.pk])
    form = {"admin": "", "agent": "", "incentives": "", "referrals": "business_profile_admin"}
    return _post(hand, "head", path, dict(form))


def let_in_no_longer(hand: Hand) -> Send:
    """The administrator ends that the program acts for the agent."""
    path = reverse("applications:end", args=[hand.authorization.pk])
    return _post(hand, "head", path, {"from": "application"})


R, P = Capacity.RESELLER, Capacity.PROVIDER
REVOCATIONS = (
    Revocation("the customer removes the reseller's access", R, frozenset({"grant"}), grant_removed),
    Revocation("the customer removes the provider's access", P, frozenset({"grant"}), grant_removed),
    Revocation("access assigned to nobody", R, frozenset({"grant"}), access_unassigned),
    Revocation("taken out of the group", R, frozenset({"agent"}), _roles(agent="sales_agent")),
    Revocation(
        "role removed",
        R,
        frozenset({"agent", "role", "sell"}),
        _roles(referrals="business_profile_admin"),
    ),
    Revocation("person disabled", R, frozenset({"session", "token", "person"}), _account("disable")),
    Revocation("person deleted", P, frozenset({"session", "token", "person"}), _account("delete")),
    Revocation("password reset", R, frozenset({"session", "token"}), _account("reset_password")),
    Revocation("second factor reset", P, frozenset({"session", "token"}), _account("reset_factors")),
    Revocation("password changed elsewhere", R, frozenset({"session", "token"}), password_changed),
    Revocation("signed out elsewhere", P, frozenset({"session"}), signed_out),
    Revocation("partnership ended", R, frozenset({"partnership"}), partnership_ended),
    Revocation("reseller relationship removed", R, frozenset({"relation"}), relationship_removed),
    Revocation("reseller suspended", R, frozenset({"live"}), suspended),
    Revocation("provider suspended", P, frozenset({"live"}), suspended),
    Revocation("expired", R, frozenset({"grant"}), expired),
    Revocation("program stopped", R, frozenset({"program"}), _program("disable")),
    Revocation("program removed", P, frozenset({"program"}), _program("unregister")),
    Revocation("program's secret removed", R, frozenset({"secret"}), secret_removed),
    Revocation("program's roles taken", P, frozenset({"own roles"}), program_s_roles_taken),
    Revocation("program let in no longer", R, frozenset({"token"}), let_in_no_longer),
)
