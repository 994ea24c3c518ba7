"""Chapters two and three: a provider and the reseller become partners, and win a customer together."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.enrolment import PASSWORD, Company
from tests.browser.reader import Reader, Words

PROVIDER_ADMIN = "mei@hinode.example"


def customer_of(words: Words) -> Company:
    """The customer that consents."""
    return Company(
        name=words.either("コハク製作所", "Kohaku Works"),
        reading="こはくせいさくしょ",
        latin_name="Kohaku Works",
        domain="kohaku.example",
        person=words.either("森 楓", "Kaede Mori"),
        user="kaede",
    )


def provider_requests(reader: Reader, newcomer: Company, password: str) -> str:
    """[パートナーシップを要求する]: a draft with a link, [完了] (S-062, D.2)."""
    words = reader.words
    code = reader.code_in_mailbox(PROVIDER_ADMIN)
    reader.open("/dashboard/indirect-resellers/")
    reader.sign_in(PROVIDER_ADMIN, password)
    reader.give_code(code)
    reader.heading(words("Indirect resellers"))
    reader.follow(words("Request a partnership"))
    reader.tick(words.either("日本語", "English"))
    reader.write(words("Recipient's email address"), newcomer.mail)
    reader.write(words("Domain of the reseller's work account"), newcomer.domain)
    reader.tick(words("Helpdesk administrator"))
    reader.shot("21-request-a-partnership")
    reader.press(words("Create draft"))
    reader.heading(words("Partnership invitation"))
    link = link_in_draft(reader)
    mailto = reader.page.get_by_role("link", name=words("Open in email")).get_attribute("href") or ""
    assert mailto.startswith(f"mailto:{newcomer.mail}?")
    expect(reader.page.get_by_role("button", name=words("Copy to clipboard"))).to_be_visible()
    reader.shot("22-partnership-draft")
    reader.follow(words("Done", "button"))
    reader.reads(newcomer.mail, words("not by the system"))
    return link


def link_in_draft(reader: Reader) -> str:
    """The address in the draft that is on the page."""
    found = re.search(r"https?://\S+", reader.page.locator("#invitation-text").inner_text())
    assert found
    return found[0]


def reseller_authorizes(reader: Reader, newcomer: Company, provider: str, link: str) -> None:
    """The link names the provider; box and button; it is on the list at once (S-063 to S-067, S-070)."""
    words = reader.words
    reader.open(link)
    reader.heading(words("%(name)s asks to be your indirect provider", name=provider))
    reader.reads(words("Helpdesk administrator"))
    button = reader.page.get_by_role("button", name=words("Authorize indirect provider"))
    expect(button).to_be_disabled()
    reader.page.get_by_role("checkbox", name=provider).last.check()
    reader.shot("23-authorize-provider")
    button.click()
    reader.heading(words("Indirect providers"))
    expect(reader.row(provider)).to_contain_text(words("Helpdesk administrator"))
    reader.shot("24-indirect-providers")


def provider_sees(reader: Reader, newcomer: Company) -> None:
    """The reseller is on the provider's list, with the access that it gave (S-068, S-070)."""
    words = reader.words
    reader.open("/dashboard/indirect-resellers/")
    expect(reader.row(newcomer.latin_name if words.language == "en" else newcomer.name)).to_contain_text(
        words("Helpdesk administrator")
    )
    reader.shot("25-indirect-resellers")


def reseller_removes_access(reader: Reader, provider: str) -> None:
    """Removed in the organisation portal; the partnership stays (S-071)."""
    words = reader.words
    reader.open("/organization/")
    reader.follow(words("Partner relationships"), within=reader.page.get_by_role("navigation"))
    reader.heading(words("Partner relationships"))
    reader.shot("26-who-has-access")
    reader.follow(words("Remove access"), within=reader.row(provider))
    reader.press(words("Remove access"))
    reader.reads(words("removed by your organization"))
    reader.open("/dashboard/indirect-providers/")
    expect(reader.row(provider)).to_contain_text(words("None", "access"))


def reseller_invites(reader: Reader, customer: Company, provider: str) -> str:
    """[新しい顧客を招待する] for both; the draft keeps its link (S-074, S-097 to S-101)."""
    words = reader.words
    reader.follow(words("Invite new customers"), within=reader.row(provider))
    reader.tick(words.either("日本語", "English"))
    reader.write(words("Customer's name"), customer.name)
    reader.tick(words("Own marketing"))
    reader.shot("27-invite-new-customers")
    reader.press(words("Create the draft"))
    link = link_in_draft(reader)
    reader.shot("28-invitation-draft")
    reader.follow(words("Done", "task"))
    reader.heading(words("Customers"))
    reader.reads(customer.name, words("Open"))
    return link


def customer_creates_account(reader: Reader, customer: Company, link: str) -> None:
    """The link names both; the customer has no work account and makes one (S-089, S-100, S-013)."""
    words = reader.words
    reader.open(link)
    reader.shot("29-customer-invitation")
    reader.follow(words("Create a work account"))
    reader.write_all(
        [
            (words("Organization name"), customer.name),
            (words("Reading (kana)"), customer.reading),
            (words("Name in Latin letters"), customer.latin_name),
            (words("Domain"), customer.domain),
            (words("Your full name"), customer.person),
            (words("User name (the part before @)"), customer.user),
            (words("Your email address"), customer.mail),
            (words("Password"), PASSWORD),
            (words("Password, once more"), PASSWORD),
        ]
    )
    reader.press(words("Create the work account"))
    reader.sign_in(customer.user_name, PASSWORD)
    reader.set_up_app()


def customer_consents(reader: Reader, newcomer: Company, provider: str) -> None:
    """Each party and each power is named; one role is left out; both relationships at once (S-102, S-103)."""
    words = reader.words
    reader.reads(newcomer.name, provider)
    reader.heading(
        words(
            "%(reseller)s and %(provider)s ask to be your resellers",
            reseller=newcomer.name,
            provider=provider,
        )
    )
    reader.box(words("License administrator")).uncheck()
    reader.page.get_by_role("checkbox", name=newcomer.name).last.check()
    reader.shot("30-customer-consent")
    reader.press(words("Authorize both as resellers"))
    reader.heading(words("Partner relationships"))
    reader.reads(newcomer.name, provider)
    reader.misses(words("License administrator"))
    reader.shot("31-customer-portal")


def reseller_manages(reader: Reader, customer: Company, downloads: Path) -> None:
    """On the list at once; the row opens in place; account; export; activity log (S-092, S-093, S-105)."""
    words = reader.words
    reader.open("/dashboard/customers/")
    reader.page.get_by_label(words("Manage %(name)s", name=customer.name)).click()
    for place in ("Account", "Services", "Users", "Licenses"):
        expect(reader.page.get_by_role("link", name=words(place), exact=True).first).to_be_visible()
    reader.shot("32-customers")
    with reader.page.expect_download() as waiting:
        reader.follow(words("Export customers (CSV)"))
    file = downloads / "customers.csv"
    waiting.value.save_as(file)
    assert customer.domain in file.read_text(encoding="utf-8-sig")
    reader.follow(words("Account"), within=reader.page.get_by_role("main"))
    reader.heading(customer.name)
    reader.reads(customer.domain)
    reader.shot("33-customer-account")
    reader.open("/dashboard/activity/")
    reader.heading(words("Activity log"))
    reader.reads(customer.name)
    reader.shot("34-activity-log")


def provider_has_customer_too(reader: Reader, customer: Company, newcomer: Company) -> None:
    """The same customer, the same day, on the provider's side (S-102, S-104)."""
    reader.open("/dashboard/customers/")
    expect(reader.row(customer.name)).to_be_visible()
    reader.open("/dashboard/indirect-resellers/")
    reader.follow(reader.words("View customers"), within=reader.row(newcomer.name))
    reader.reads(customer.name)
    reader.shot("35-shared-customers")
