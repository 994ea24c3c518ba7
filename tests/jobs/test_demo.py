"""`toiya demo`: one command, an address, people who can sign in, and a clean end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import LazySettings
from django.test import Client

from tests.cast import Cast
from toiya.audit.models import AuditRecord
from toiya.audit.seal import seal_records
from toiya.audit.verify import verify_log
from toiya.billing.models import Invoice
from toiya.core.permissions import Capacity
from toiya.devices.models import Device
from toiya.directory.demo import DEMO_PASSWORD, demo_secret, demo_tenants
from toiya.directory.factors import current_code
from toiya.directory.models import Family, Person, Tenant
from toiya.events.models import Event, EventState
from toiya.jobs.demo import is_seeded, seed_demo, somebody_else_is_here
from toiya.jobs.demo_programs import listen_here
from toiya.jobs.processes import is_free
from toiya.mail.deliver import deliver_mails
from toiya.mail.models import OutgoingMail
from toiya.mail.render import render
from toiya.membership.models import MembershipLogin, OrganizationProfile, ProviderEntry
from toiya.programme.words import current_programme
from toiya.relations.models import OlderRelationship, Partnership, ResellerRelationship
from toiya.sandbox.models import Sandbox
from toiya.subscriptions.models import Subscription
from toiya.tokens.models import Application
from toiya.webhooks.models import WebhookRegistration

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def seeded(db: None, settings: LazySettings) -> None:
    """The demo's story has been told."""
    settings.SMTP_URL = ""
    seed_demo()


def test_demo_has_every_kind_of_organisation_with_people_who_can_sign_in(seeded: None) -> None:
    with_capacity = {
        capacity: Tenant.objects.filter(
            tenant_capacities__capacity=capacity, family__is_sandbox=False
        ).count()
        for capacity in Capacity
    }
    people = list(Person.objects.filter(tenant__family__is_sandbox=False))

    assert with_capacity == {Capacity.OPERATOR: 1, Capacity.PROVIDER: 6, Capacity.RESELLER: 1}
    assert ProviderEntry.objects.listed().count() == 6
    assert {
        (bool(person.check_password(DEMO_PASSWORD)), bool(current_code(person))) for person in people[:3]
    } == {(True, True)}
    assert [person for person in people if not demo_secret(person) or person.must_change_password] == []
    assert Family.objects.get(is_sandbox=False).clock.now() > max(person.created_at for person in people)


def test_demo_has_partners_customers_and_a_newcomer_about_to_enrol(seeded: None) -> None:
    partnership = Partnership.objects.live().get(provider__family__is_sandbox=False)
    customers = ResellerRelationship.objects.live().filter(partner=partnership.reseller)
    newcomer = Tenant.objects.get(domains__name="yamabuki.example")
    profiles = OrganizationProfile.objects.filter(
        administrators=MembershipLogin.objects.get(user_name="yui.yoshida")
    )

    assert (partnership.provider.domain, partnership.reseller.domain) == ("hinode.example", "kawase.example")
    assert (customers.count(), ResellerRelationship.objects.filter(partner=partnership.provider).count()) == (
        5,
        3,
    )
    assert not newcomer.tenant_capacities.exists()
    assert {(profile.is_active, profile.country_id) for profile in profiles} == {
        (True, "JP"),
        (False, "JP"),
        (True, "US"),
    }
    assert OlderRelationship.objects.filter(partner=newcomer, imported_at__isnull=True).count() == 2


def test_demo_shows_what_programs_and_their_developers_see(db: None, settings: LazySettings) -> None:
    """Events wait for the worker, which sends them to the demo itself; a demo at another port sends them there."""
    settings.SMTP_URL = ""
    settings.OUTBOUND_ALLOW = frozenset({("127.0.0.1", 8000), ("127.0.0.1", 8123)})
    seed_demo()
    kawase = Tenant.objects.get(domains__name="kawase.example")
    registration = WebhookRegistration.objects.get()

    assert (registration.tenant_id, registration.url) == (
        kawase.pk,
        "http://127.0.0.1:8000/mailbox/events/",
    )
    assert Event.objects.filter(tenant_id=kawase.pk, state=EventState.WAITING).count() > 20
    application = Application.objects.get(tenant=kawase, name="受注連携")
    assert application.secrets.count() == 2
    assert Device.objects.filter(tenant=kawase, customer__domains__name="aoba.example").count() == 12
    assert Device.objects.filter(policy__isnull=False).count() == 8
    sandbox = Sandbox.objects.get()
    assert Subscription.objects.filter(tenant__family=sandbox.family).count() == 2
    assert [tenant for tenant in demo_tenants() if tenant.family.is_sandbox] == []

    settings.ORIGIN = "http://localhost:8123"
    listen_here()
    registration.refresh_from_db()
    assert registration.url == "http://127.0.0.1:8123/mailbox/events/"
    assert Event.objects.filter(state=EventState.DROPPED).count() == 0
    assert Client().post("/mailbox/events/", b"{}", content_type="application/json").status_code == 204


def test_every_mail_of_the_demo_can_be_read_and_its_log_is_in_order(seeded: None) -> None:
    programme = current_programme()
    delivered = sum(
        iter(lambda: deliver_mails(programme=programme, reaches_people=Family.objects.reaches_people), 0)
    )

    assert delivered == OutgoingMail.objects.count() > 20
    for mail in OutgoingMail.objects.all():
        rendered = render(mail, programme=programme)
        assert rendered.subject
        assert not re.search(r"\{\{|\{%|\{link\}", rendered.text)
    assert seal_records(everywhere=True) == AuditRecord.objects.count()
    assert verify_log().findings == []


def test_the_provider_of_the_demo_has_been_invoiced(seeded: None) -> None:
    """For what its reseller's customers bought last month, by the run that every month ends with."""
    invoice = Invoice.objects.latest("month")

    assert {row.recipient.domain for row in Invoice.objects.all()} == {"hinode.example"}
    assert invoice.line_count == invoice.lines.count() > 0
    assert invoice.tax_minor * 10 == invoice.net_minor or abs(invoice.tax_minor * 10 - invoice.net_minor) <= 5
    assert invoice.issued_at < invoice.tenant.family.clock.now()
    assert {mail.to for mail in OutgoingMail.objects.filter(message="billing/issued")} == {
        "rin@mail.hinode.example"
    }


def test_demo_keeps_away_from_a_real_installation(cast: Cast) -> None:
    Tenant.objects.get(pk=cast.operator.pk).domains.update(name="cloud.example.com")

    assert (is_seeded(), somebody_else_is_here()) == (False, True)


# ---------------------------------------------------------------- the command itself
class Demo:
    """A running ``toiya demo``, as somebody starts it who has set nothing."""

    def __init__(self, folder: Path, port: int) -> None:
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("TOIYA_", "DJANGO_"))
            },
            "TOIYA_VAR": str(folder),
            "PORT": str(port),
            "LC_ALL": "C",
        }
        self.process = subprocess.Popen(
            self.command, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )

    @property
    def command(self) -> list[str]:
        """The console script, by its function."""
        return [
            sys.executable,
            "-c",
            "import sys; from toiya.jobs.cli import main; sys.argv[1:] = ['demo']; main()",
        ]

    def read_until(self, words: str) -> str:
        """What it prints up to a line with these words."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if words in line:
                break
        return said

    def end(self) -> str:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        said, _errors = self.process.communicate(timeout=40)
        return said


@pytest.fixture
def free_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def demo(tmp_path: Path, free_port: int) -> Iterator[Demo]:
    """The demo is starting in an empty folder."""
    running = Demo(tmp_path, free_port)
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(timeout=40)
    if running.process.stdout:
        running.process.stdout.close()


def codes_of(person: dict[str, Any], since: float) -> set[str]:
    """What the person's authenticator app has shown from then until now."""
    steps = range(int(since) // 30, int(time.time()) // 30 + 1)
    return {str(format_hotp_value(hotp_value(person["totp_secret"], step))) for step in steps}


def test_one_command_serves_the_demo_and_ends_cleanly(demo: Demo, tmp_path: Path, free_port: int) -> None:
    said = demo.read_until("Ctrl-C")
    origin = f"http://localhost:{free_port}"
    assert f"Toiya is ready: {origin}/" in said
    assert [name for name in ("ren@", "mei@", "kai@", "emi@", "yui@") if name not in said] == []
    assert DEMO_PASSWORD in said

    asked = time.time()
    with urllib.request.urlopen(f"{origin}/mailbox/people/") as answer:  # noqa: S310 (this machine)
        codes = answer.read().decode()
    credentials = json.loads((tmp_path / "demo" / "credentials.json").read_text())
    people = {person["user_name"]: person for person in credentials["people"]}
    assert credentials["base_url"] == origin
    assert set(credentials["tenants"]) == {"operator", "provider", "reseller", "customer"}
    assert people["mei@hinode.example"]["roles"] == ["global_admin", "admin_agent"]
    assert people["mei@hinode.example"]["password"] == DEMO_PASSWORD
    shown = [any(code in codes for code in codes_of(person, asked)) for person in people.values()]
    assert sum(shown) > len(people) / 2

    a_program_orders(credentials)

    taken = subprocess.run(
        demo.command, env=demo.environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert taken.returncode == 1
    assert f"Port {free_port} is in use" in taken.stderr
    assert f"PORT={free_port + 1} make demo" in taken.stderr

    assert "The demo has ended" in demo.end()
    assert demo.process.returncode == 0
    assert is_free(free_port)


def a_program_orders(told: dict[str, Any]) -> None:
    """What the file says is enough to order: a token, the catalogue item, the customer."""
    program, ids = told["applications"]["provider"], told["ids"]
    form = {name: program[name] for name in ("client_id", "client_secret")}
    form |= {"grant_type": "client_credentials", "resource": told["base_url"]}
    address = f"{told['authority_url']}/{program['tenant_id']}/oauth2/token"
    token = answer_of(address, urlencode(form).encode())["access_token"]
    item = ":".join(ids[name] for name in ("product", "sku", "offer"))
    line = {"lineItemNumber": 0, "offerId": item, "quantity": 3}
    body = json.dumps(
        {"referenceCustomerId": ids["customer"], "billingCycle": "monthly", "lineItems": [line]}
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    order = answer_of(f"{told['base_url']}/v1/customers/{ids['customer']}/orders", body.encode(), headers)
    assert (order["lineItems"][0]["offerId"], order["lineItems"][0]["quantity"]) == (item, 3)


def answer_of(address: str, body: bytes, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the demo answers to this."""
    request = urllib.request.Request(address, data=body, headers=dict(headers or {}))  # noqa: S310 (this machine)
    with urllib.request.urlopen(request) as answer:  # noqa: S310 (this machine)
        read: dict[str, Any] = json.load(answer)
        return read


def test_demo_refuses_another_mode(tmp_path: Path, free_port: int) -> None:
    environment = {**os.environ, "TOIYA_MODE": "sandbox", "TOIYA_VAR": str(tmp_path), "PORT": str(free_port)}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from toiya.jobs.cli import main; sys.argv[1:] = ['demo']; main()",
        ],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, "TOIYA_MODE=demo only" in done.stderr) == (1, True)
