"""Nobody gains a right over the API that they had no right to give (G-08, T-13, T-14).

The whole table of roles, acts and lent rights as pure functions; samples of it by requests; and every chain of six
requests that somebody, a friend without rights and whomever they get hold of can send.
"""

import itertools
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from tests.access.escalation import (
    AT_HOME,
    NONE,
    ON_USERS,
    TOP,
    Act,
    Cell,
    Lent,
    Roles,
    Scene,
    access_now,
    allowed,
    differs,
    possible,
    roles_now,
    send,
    set_access,
    set_roles,
    set_scene,
    tried,
)
from tests.access.test_matrix import writes_noted
from tests.cast import Cast
from tests.directory.test_may_change import everybody
from toiya.api.operations import OPERATIONS
from toiya.core.permissions import (
    CATEGORY_OF,
    DIRECTORY_ACTIONS,
    RULES,
    DirectoryAction,
    DirectoryRole,
    Permission,
    Role,
    RoleCategory,
)
from toiya.core.role_ids import ROLE_IDS
from toiya.directory.models import Person
from toiya.directory.roles import GIVES, may_reassign
from toiya.licences import customer_users
from toiya.relations.grants import AGENT_GROUPS, DEFAULT_ACCESS
from toiya.relations.rights import reaches

SEED = int(os.environ.get("TOIYA_SEED", "20261127"))
PARTNER_ROLES = tuple(role for role in Role if CATEGORY_OF[role] is not RoleCategory.PROGRAMME)
# In a customer there are administrators only.
USERS = [NONE, *(frozenset({role}) for role in PARTNER_ROLES if CATEGORY_OF[role] is RoleCategory.ADMIN)]
LENT: list[Lent] = [
    frozenset(lent)
    for size in range(len(DirectoryRole) + 1)
    for lent in itertools.combinations(DirectoryRole, size)
]
# Operations that lead to rights and are no act on one person: why they give none.
ELSEWHERE = {
    "delegated_admin.create_relationship": "asks; the customer's administrator consents, on a page",
    "delegated_admin.create_request": "asks or ends; approval is refused to programs",
    "toiya.relationship_invitations.create": "asks; the customer's administrator consents, on a page",
    "toiya.partnership_invitations.create": "asks; the reseller's administrator consents, on a page",
    "toiya.order_requests.approve": "a permission of its own: the access matrix",
    "toiya.automatic_approval.update": "a permission of its own: the access matrix",
}


# ---------------------------------------------------------------- the table
def at_home(people: list[Roles]) -> Iterator[Cell]:
    """Roles given and taken among the people of one organization."""
    for actor, target in itertools.product(people, people):
        for role in PARTNER_ROLES:
            act = Act.TAKE if role in target else Act.GIVE
            yield Cell(act, actor, target, role)
    for actor in people:
        for role in PARTNER_ROLES:
            yield Cell(Act.TAKE if role in actor else Act.GIVE, actor, actor, role, is_oneself=True)


def on_users(actors: list[Roles]) -> Iterator[Cell]:
    """Acts on the users of a customer, with every set of lent roles."""
    for actor, lent, target, act in itertools.product(actors, LENT, USERS, ON_USERS):
        if act in {Act.GIVE_THERE, Act.TAKE_THERE}:
            yield from (Cell(act, actor, target, role, lent=lent) for role in ROLE_IDS)
        else:
            yield Cell(act, actor, NONE if act is Act.CREATE else target, lent=lent)


def on_access(actors: list[Roles]) -> Iterator[Cell]:
    """What a group shall use of the grant."""
    for actor, wanted in itertools.product(actors, LENT):
        if wanted:
            yield Cell(Act.ASSIGN, actor, NONE, wanted=wanted)


def decided(cell: Cell) -> bool:
    """What the pure functions of the application say."""
    if cell.act in AT_HOME:
        changed = frozenset({cell.role} if cell.role else ())
        return may_reassign(cell.actor, cell.target, cell.target ^ changed, own=cell.is_oneself)
    if cell.act is Act.ASSIGN:
        return bool(RULES[Permission.ACCESS_ASSIGN].roles & cell.actor) and cell.wanted <= cell.granted
    needed = DirectoryAction.RESET_PASSWORD if cell.act is Act.RESET else DirectoryAction.MANAGE_PEOPLE
    actions = {action for role in cell.lent for action in DIRECTORY_ACTIONS[role]}
    may_use = bool(RULES[Permission.ADMINISTER_ON_BEHALF].roles & cell.actor)
    given = {cell.role} if cell.role else NONE
    return may_use and needed in actions and reaches(cell.lent, cell.target) and reaches(cell.lent, given)


def differences(cells: Iterator[Cell]) -> tuple[int, list[Cell]]:
    """How many there are, and those on which the application and the specification disagree."""
    number, wrong = 0, []
    for number, cell in enumerate(cells, 1):  # noqa: B007  (the last one is wanted)
        if decided(cell) is not allowed(cell):
            wrong.append(cell)
    return number, wrong


@pytest.mark.once
@pytest.mark.goal("G-08")
def test_the_whole_table_equals_the_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: a user administrator who gives administrator roles."""
    people = everybody()
    home, wrong = differences(at_home(people))
    users, more = differences(itertools.chain(on_users(people), on_access(people)))
    print(f"\n{home:,} cells among one's own people, {users:,} on customers' users and access")  # noqa: T201
    assert wrong + more == []
    assert home > 350_000
    assert users > 290_000

    few = [frozenset({Role.USER_ADMIN}), frozenset({Role.ADMIN_AGENT})]
    monkeypatch.setitem(GIVES, Role.USER_ADMIN, frozenset(RoleCategory))
    assert differences(cell for cell in at_home(people) if cell.actor in few)[1]


def test_every_operation_that_asks_for_these_permissions_is_an_act_or_stands_elsewhere() -> None:
    """No operation of the table gives rights unseen: writing ones under these permissions are acts, or named."""
    giving = {
        Permission.PEOPLE_MANAGE,
        Permission.ADMIN_ROLES_ASSIGN,
        Permission.AGENT_ROLES_ASSIGN,
        Permission.APPLICATIONS_MANAGE,
        Permission.ACCESS_ASSIGN,
        Permission.RELATIONSHIPS_REQUEST,
        Permission.PARTNERSHIPS_ACCEPT,
        Permission.RELATIONSHIPS_ACCEPT,
    }
    found = {
        row.id.removesuffix("_by_query")
        for row in OPERATIONS.values()
        if giving & set(row.needs) and row.method not in {"GET", "HEAD"}
    }
    acts = {act.value for act in Act} | {"delegated_admin.create_access_assignment"}
    takes = {
        "delegated_admin.delete_access_assignment",
        "delegated_admin.delete_relationship",
        "delegated_admin.update_relationship",
    }
    assert found <= acts | takes | set(ELSEWHERE)
    assert set(ELSEWHERE) | takes | acts <= set(OPERATIONS)


# ---------------------------------------------------------------- samples, by requests
def samples(number: int) -> list[Cell]:
    """As many of each act; half of them are allowed and change something, most of the others are nearly so."""
    dice = random.Random(SEED)  # noqa: S311  (a choice, no secret)
    people = dice.sample(everybody(), 60)
    agents = [one for one in people if one & set(AGENT_GROUPS)]
    others = [one for one in people if one not in agents][:5]
    cells = [*at_home(people), *on_users(agents + others), *on_access(people)]
    dice.shuffle(cells)
    chosen: list[Cell] = []
    for act in Act:
        mine = [cell for cell in cells if cell.act is act]
        good = [cell for cell in mine if allowed(cell) and possible(cell)][: number // len(Act) // 2]
        bad = [cell for cell in mine if not (allowed(cell) and possible(cell))]
        chosen += good + bad[: -(-number // len(Act)) - len(good)]
    return chosen


def try_samples(cast: Cast, number: int) -> list[str]:
    """What did not come as specified."""
    scene, came, wrong = set_scene(cast), Counter[str](), []
    for cell in samples(number):
        told = tried(scene, cell)
        came[f"{cell.act} {'done' if told[1] else told[0]}"] += 1
        if differs(cell, told):
            wrong.append(f"{cell}: {told}")
    print(f"\nseed {SEED}: {came.total()} requests, {dict(sorted(came.items()))}")  # noqa: T201
    return wrong


@pytest.mark.goal("G-08")
@pytest.mark.once
def test_two_hundred_samples_by_requests(cast: Cast) -> None:
    """What happens is what the specification says, both ways."""
    assert try_samples(cast, 200) == []


@pytest.mark.proof
@pytest.mark.goal("G-08")
def test_many_samples_by_requests(cast: Cast) -> None:
    """The same, two thousand."""
    assert try_samples(cast, 2000) == []


# ---------------------------------------------------------------- chains of requests
@dataclass(frozen=True)
class State:
    """Who holds what, and whom the two have got hold of."""

    roles: tuple[tuple[str, Roles], ...]
    access: tuple[tuple[Role, Lent], ...]
    held: frozenset[str]

    def of(self, name: str) -> Roles:
        return dict(self.roles)[name]


@dataclass(frozen=True)
class Move:
    """One of those whom they hold sends one request."""

    by: str
    cell: Cell
    on: str
    group: Role = Role.HELPDESK_AGENT


OURS, THEIRS = ("ann", "ben", "kai"), ("tom", "emi")
FEW = (Role.GLOBAL_ADMIN, Role.USER_ADMIN, Role.ADMIN_AGENT, Role.HELPDESK_AGENT)
MORE = (*FEW, Role.BILLING_ADMIN, Role.SALES_AGENT, Role.INCENTIVES_USER, Role.REFERRAL_ADMIN)
DEPTH = 6


@dataclass
class Chains:
    """The search from one beginning. What a request does depends on the roles alone: each is sent once."""

    scene: Scene
    granted: Lent
    alphabet: tuple[Role, ...]
    known: dict[object, tuple[bool, Roles, Lent]]
    states: int = 0

    def person(self, name: str) -> Person:
        scene = self.scene
        return {
            "ann": scene.ann,
            "ben": scene.ben,
            "tom": scene.tom,
            "kai": scene.cast.kai,
            "emi": scene.cast.emi,
        }[name]

    def beginning(self, start: Roles) -> State:
        admin = frozenset({Role.GLOBAL_ADMIN})
        return State(
            (("ann", start), ("ben", NONE), ("kai", admin), ("tom", NONE), ("emi", admin)),
            tuple((group, DEFAULT_ACCESS[group] & self.granted) for group in AGENT_GROUPS),
            frozenset({"ann", "ben"}),
        )

    def moves(self, state: State) -> Iterator[Move]:
        for by in sorted(state.held):
            actor, home = state.of(by), OURS if by in OURS else THEIRS
            for on in home:
                for role in self.alphabet if home is OURS else ROLE_IDS:
                    act = Act.TAKE if role in state.of(on) else Act.GIVE
                    yield Move(by, Cell(act, actor, state.of(on), role, is_oneself=by == on), on)
            if home is THEIRS:
                continue
            lent = frozenset[DirectoryRole]().union(
                *(roles for group, roles in state.access if group in actor)
            )
            for on in (*THEIRS, "kai"):
                there = Cell(Act.RESET, actor, state.of(on), lent=lent)
                yield Move(by, there, on)
                for role in ROLE_IDS:
                    act = Act.TAKE_THERE if role in state.of(on) else Act.GIVE_THERE
                    yield Move(by, replace(there, act=act, role=role), on)
            for group in AGENT_GROUPS:
                for wanted in ({TOP}, {DirectoryRole.USER_ADMINISTRATOR}, self.granted):
                    cell = Cell(Act.ASSIGN, actor, NONE, granted=self.granted, wanted=frozenset(wanted))
                    yield Move(by, cell, "tom", group)

    def after(self, state: State, move: Move) -> State:
        """What the request makes of the state, as the database has it afterwards."""
        access = dict(state.access)
        on = move.on if move.cell.act is not Act.ASSIGN else ""
        key = (move.cell, on in {"kai", "emi"}, move.by in OURS, on in OURS, move.group, access[move.group])
        if key not in self.known:
            self.known[key] = self.sent(state, move)
        happened, roles, used = self.known[key]
        if not happened:
            return state
        if move.cell.act is Act.ASSIGN:
            return replace(state, access=tuple({**access, move.group: used}.items()))
        if move.cell.act is Act.RESET:
            return replace(state, held=state.held | {move.on})
        return replace(state, roles=tuple({**dict(state.roles), move.on: roles}.items()))

    def sent(self, state: State, move: Move) -> tuple[bool, Roles, Lent]:
        target = self.person(move.on)
        with writes_noted():
            for name, roles in state.roles:
                set_roles(self.person(name), roles)
            set_access(self.scene.grant, dict(state.access))
            api = self.scene.api(self.person(move.by))
            happened = send(self.scene, api, move.cell, target, move.group) < 300
            return happened, roles_now(target), access_now(self.scene.grant, move.group)

    def wrong(self, start: Roles) -> list[str]:
        """How one gets, within six requests, to what the beginning gives no right to."""
        first = self.beginning(start)
        seen: dict[State, tuple[str, ...]] = {first: ()}
        edge = [first]
        for _step in range(DEPTH):
            reached: list[State] = []
            for state in edge:
                for move in self.moves(state):
                    following = self.after(state, move)
                    if following not in seen:
                        seen[following] = (
                            *seen[state],
                            f"{move.by}: {move.cell.act} {move.cell.role} {move.on}",
                        )
                        reached.append(following)
                        if is_beyond(first, following, start, self.granted):
                            return [f"{sorted(start)}: {' / '.join(seen[following])}"]
            edge = reached
        self.states = len(seen)
        return []


def to_give(start: Roles) -> Roles:
    """The roles that somebody may give at home."""
    if Role.GLOBAL_ADMIN in start:
        return frozenset(PARTNER_ROLES)
    given = {Role.USER_ADMIN: "agent incentives referrals", Role.ADMIN_AGENT: "agent"}
    categories = {name for role in start for name in given.get(role, "").split()}
    return frozenset(role for role in PARTNER_ROLES if CATEGORY_OF[role].value in categories)


def is_beyond(first: State, state: State, start: Roles, granted: Lent) -> bool:
    """Whether somebody has gained what the start gave no right to."""
    may_become = start | to_give(start)
    is_ruler = bool(may_become & {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT})
    before, now = dict(first.access), dict(state.access)
    administrators = TOP in granted and (
        is_ruler or any(TOP in before[group] for group in AGENT_GROUPS if group in may_become)
    )
    there = frozenset({Role.USER_ADMIN, Role.BILLING_ADMIN}) if administrators else NONE
    resets = may_become & set(AGENT_GROUPS)
    return any(
        (
            (state.of("ann") | state.of("ben")) - may_become,
            state.of("kai") != first.of("kai") and Role.GLOBAL_ADMIN not in start,
            state.of("emi") != first.of("emi"),
            state.of("tom") - there,
            state.held - {"ann", "ben", "tom"},
            "tom" in state.held and not resets,
            any(roles - granted for roles in now.values()),
            now != before and not is_ruler,
        )
    )


def search(cast: Cast, starts: list[Roles], granted: Lent, alphabet: tuple[Role, ...]) -> list[str]:
    """From each beginning."""
    scene, wrong = set_scene(cast, granted), []
    known: dict[object, tuple[bool, Roles, Lent]] = {}
    states = 0
    for start in starts:
        chains = Chains(scene, granted, FEW if Role.GLOBAL_ADMIN in start else alphabet, known)
        wrong += chains.wrong(start)
        states += chains.states
    print(f"\n{len(starts)} beginnings, depth {DEPTH}: {states:,} states, {len(known):,} requests")  # noqa: T201
    return wrong


@pytest.mark.once
@pytest.mark.goal("G-08")
def test_no_chain_of_requests_gains_a_role(cast: Cast) -> None:
    """From each role that matters alone, with the whole grant."""
    starts = [NONE, *(frozenset({role}) for role in (*FEW[1:], Role.SALES_AGENT))]

    assert search(cast, starts, frozenset(DirectoryRole), FEW) == []


@pytest.mark.once
@pytest.mark.goal("G-08")
@pytest.mark.parametrize("fault", ["gives too much", "reaches everybody", "no permission"])
def test_a_chain_that_gains_a_role_is_found(cast: Cast, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """The control: user administrators who give administrator roles, delegated roles that reach everybody, and a
    right to assign access that helpdesk agents have.
    """
    if fault == "gives too much":
        monkeypatch.setitem(GIVES, Role.USER_ADMIN, frozenset(RoleCategory))
        starts = [frozenset({Role.USER_ADMIN})]
    elif fault == "reaches everybody":
        monkeypatch.setattr(customer_users, "reaches", lambda _lent, _roles: True)
        starts = [frozenset({Role.ADMIN_AGENT})]
    else:
        rule = RULES[Permission.ACCESS_ASSIGN]
        wider = replace(rule, roles=rule.roles | {Role.HELPDESK_AGENT})
        monkeypatch.setitem(RULES, Permission.ACCESS_ASSIGN, wider)
        starts = [frozenset({Role.HELPDESK_AGENT})]

    assert search(cast, starts, frozenset(DirectoryRole), FEW)


GRANTS: dict[str, Lent] = {
    "all": frozenset(DirectoryRole),
    "users": frozenset({DirectoryRole.USER_ADMINISTRATOR}),
    "helpdesk": frozenset({DirectoryRole.HELPDESK_ADMINISTRATOR, DirectoryRole.DIRECTORY_READER}),
}


@pytest.mark.proof
@pytest.mark.goal("G-08")
@pytest.mark.parametrize("granted", GRANTS)
def test_no_chain_from_any_role_gains_one(cast: Cast, granted: str) -> None:
    """From each role alone and from none, with three grants."""
    starts = [NONE, *(frozenset({role}) for role in PARTNER_ROLES)]

    assert search(cast, starts, GRANTS[granted], MORE) == []
