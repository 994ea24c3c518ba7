"""What runs by itself: one readable list. ``toiya work`` carries it out, in real time."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from toiya.audit.checkpoints import sign_checkpoints
from toiya.audit.seal import seal_records
from toiya.billing.issuing import bill_family
from toiya.bulk.files import forget_passwords
from toiya.bulk.work import send_waiting_mails, work_on_files
from toiya.core.clock import real_now
from toiya.customers.sending import remind_family
from toiya.devices.work import work_on_devices
from toiya.directory import sessions
from toiya.directory.models import Family
from toiya.fulfilment.queue import due_tasks
from toiya.fulfilment.speaking import clean_up, forget_old_call_backs, tasks_to_clean_up
from toiya.licences.deleted import erase_deleted_users
from toiya.mail.deliver import deliver_mails
from toiya.membership.cleaning import forget_old_sessions
from toiya.orders.fulfilling import carry_out_task
from toiya.partnerships.invitations import remind_resellers
from toiya.programme.words import current_programme
from toiya.relations.grants import tell_all_expired
from toiya.requests.cleaning import forget_old_requests
from toiya.sandbox.closing import take_down_closed
from toiya.sandbox.travel import move_clocks
from toiya.subscriptions.digest import send_digests
from toiya.subscriptions.renewal import renew_what_is_due
from toiya.tokens.cleaning import forget_old_tokens
from toiya.webhooks.delivery import deliver_events, forget_old_events

log = structlog.get_logger(__name__)
SECONDS = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
AT_MOST = dt.timedelta(seconds=20)
EVENTS_AT_MOST = dt.timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that happens without anybody asking. ``in_turns``: one worker does it for all of them."""

    name: str
    every: dt.timedelta
    do: Callable[[], object]
    in_turns: bool = False


def send_mails() -> int:
    """Mails are claimed one by one, so that any number of workers may send."""
    return deliver_mails(programme=current_programme(), reaches_people=Family.objects.reaches_people)


def carry_out_tasks() -> int:
    """What was ordered is done in the systems that provide it. One task that cannot be settled keeps no other waiting,
    and no duty takes longer than a few calls that nobody answers.
    """
    until = real_now() + AT_MOST
    carried = 0
    for steps, do in ((due_tasks, carry_out_task), (tasks_to_clean_up, clean_up)):
        for task_id in steps():
            if real_now() > until:
                return carried
            try:
                carried += do(task_id)
            except Exception:
                log.exception("task not settled", task=str(task_id))
    return carried


def send_events() -> int:
    """Partners' programs hear what happened within seconds; in short turns, so that a backlog keeps nobody waiting."""
    return deliver_events(until=real_now() + EVENTS_AT_MOST)


def tell_of_expired_access() -> int:
    """Administrator access that reached its end date is nobody's act; partners' programs hear of it all the same."""
    return sum(tell_all_expired(family) for family in Family.objects.open())


def remind_of_partnership_invitations() -> int:
    """A reseller that has not answered a mailed invitation hears of it once more before it lapses."""
    return sum(remind_resellers(family) for family in Family.objects.open())


def remind_of_customer_invitations() -> int:
    """A customer that has not answered a mailed invitation hears of it once more before it lapses."""
    return sum(remind_family(family) for family in Family.objects.open())


def send_renewal_digests() -> int:
    """Once a week, agents hear what renews in the next thirty days."""
    return sum(send_digests(family) for family in Family.objects.open())


def issue_monthly_invoices() -> int:
    """Within the first hour of a month, providers have the invoice of the one before (N-36)."""
    return sum(bill_family(family) for family in Family.objects.open())


def forget_what_is_over() -> int:
    """Sessions, tokens, counters and cached answers whose time has passed."""
    return (
        forget_old_requests()
        + sessions.forget_old_sessions()
        + forget_old_sessions()
        + forget_old_tokens()
        + forget_passwords()
        + forget_old_call_backs()
        + forget_old_events()
    )


DUTIES = (
    Duty("send mails", SECONDS, send_mails),
    Duty("carry out what was ordered", SECONDS, carry_out_tasks),
    Duty("send events", SECONDS, send_events),
    Duty("seal the activity log", 3 * SECONDS, seal_records),
    Duty("sign checkpoints", HOUR, sign_checkpoints, in_turns=True),
    Duty("remind of partnership invitations", HOUR, remind_of_partnership_invitations, in_turns=True),
    Duty("remind of customer invitations", HOUR, remind_of_customer_invitations, in_turns=True),
    Duty("renew subscriptions", MINUTE, renew_what_is_due),
    Duty("tell of expired access", MINUTE, tell_of_expired_access, in_turns=True),
    Duty("move clocks of sandboxes", SECONDS, move_clocks),
    Duty("take down closed sandboxes", SECONDS, take_down_closed, in_turns=True),
    Duty("work on files with many rows", SECONDS, work_on_files),
    Duty("register devices", SECONDS, work_on_devices),
    Duty("send waiting invitations", MINUTE, send_waiting_mails, in_turns=True),
    Duty("send renewal digests", HOUR, send_renewal_digests, in_turns=True),
    Duty("issue invoices", HOUR, issue_monthly_invoices, in_turns=True),
    Duty("erase users deleted long ago", HOUR, erase_deleted_users, in_turns=True),
    Duty("forget what is over", 6 * HOUR, forget_what_is_over, in_turns=True),
)
