"""First-run set-up: what remains, and what is locked until somebody is an admin agent (S-044, S-045)."""

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission, Role
from toiya.directory.models import Person
from toiya.membership.models import PartnerProfile, ProviderEntry
from toiya.relations.models import Partnership, ResellerRelationship

Task = dict[str, object]


def tasks(actor: Actor) -> list[Task]:
    """The three tasks, each done, open, or locked with the reason; after them the steps of a provider (N-09)."""
    is_agent = Role.ADMIN_AGENT in actor.roles
    has_people = Person.objects.visible_to(actor).count() > 1
    has_support = _has_support_profile(actor)
    locked = (
        ""
        if is_agent
        else _("Finishing the set-up needs the role “%(role)s”. Do the first task first.")
        % {"role": Role.ADMIN_AGENT.label}
    )
    return [
        _agent_task(actor, is_done=is_agent),
        {
            "label": _("Add the people who will work here"),
            "done": has_people,
            "url": reverse("people:add"),
            "note": "" if has_people else _("Working alone? Then there is nothing to add."),
            "locked_reason": "" if has_people else locked,
        },
        {
            "label": _("Complete the support profile"),
            "done": has_support,
            "url": _profile_url() if actor.may(Permission.PARTNER_PROFILE_VIEW) else "",
            "note": _("Website, mail and phone: what the operator tells customers who ask for help."),
            "locked_reason": "" if has_support else locked,
        },
        *(_provider_steps(actor) if is_provider(actor) else []),
    ]


def is_provider(actor: Actor) -> bool:
    """Whether the organisation is an indirect provider, suspended or not."""
    return Capacity.PROVIDER in actor.capacities | actor.suspended


def _provider_steps(actor: Actor) -> list[Task]:
    """First its own entry, by which resellers find it; then resellers; then customers."""
    partners = Partnership.objects.visible_to(actor).live().filter(provider_id=actor.tenant_id)
    return [
        _step(
            actor,
            _("Check your directory entry"),
            is_done=ProviderEntry.objects.listed(actor).filter(pk=actor.tenant_id).exists(),
            page=("profile:directory_entry", Permission.PARTNER_PROFILE_VIEW),
            note=_("Resellers find you by it. It is public when the operator has approved it."),
        ),
        _step(
            actor,
            _("Connect resellers"),
            is_done=partners.exists(),
            page=("partnerships:request", Permission.PARTNERSHIPS_INVITE),
            note=_("A reseller that follows your request and authorizes you is your partner."),
        ),
        _step(
            actor,
            _("Connect customers"),
            is_done=ResellerRelationship.objects.of_partner(actor).live().exists(),
            page=("customers:list", Permission.CUSTOMERS_VIEW),
            note=_("Add customers for your resellers, or invite those that exist."),
        ),
    ]


def _step(actor: Actor, label: str, *, is_done: bool, page: tuple[str, Permission], note: str) -> Task:
    name, permission = page
    url = reverse(name) if actor.may(permission) else ""
    return {"label": label, "done": is_done, "url": url, "note": note, "locked_reason": ""}


def _agent_task(actor: Actor, *, is_done: bool) -> Task:
    if is_done:
        note = _("You are an admin agent.")
    elif Role.GLOBAL_ADMIN in actor.roles:
        note = _(
            "You are not an admin agent yet. Choose your own name in user management, tick it, and update."
        )
    else:
        note = _("You are not an admin agent. A global administrator can give you the role.")
    return {
        "label": _("Check that you are in the admin agent group"),
        "done": is_done,
        "url": reverse("people:person", args=[actor.person_id]) if actor.may(Permission.PEOPLE_VIEW) else "",
        "note": note,
        "locked_reason": "",
    }


def _has_support_profile(actor: Actor) -> bool:
    profile = PartnerProfile.objects.visible_to(actor).filter(tenant_id=actor.tenant_id).first()
    return bool(profile and profile.support_website and profile.support_email and profile.support_phone)


def _profile_url() -> str:
    try:
        return reverse("profile:partner")
    except NoReverseMatch:
        return ""
