"""First-run set-up: what remains, and what is locked until somebody is an admin agent (S-044, S-045)."""

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.permissions import Permission, Role
from toiya.directory.models import Person
from toiya.membership.models import PartnerProfile

Task = dict[str, object]


def tasks(actor: Actor) -> list[Task]:
    """The three tasks, each done, open, or locked with the reason."""
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
    ]


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
