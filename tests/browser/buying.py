"""Chapter four: what a customer needs is asked for, approved, provided, used, planned for the renewal, given back."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, expect

from tests.browser.reader import Reader, Words

KAI, MEI, EMI, REN = "kai@kawase.example", "mei@hinode.example", "emi@aoba.example", "ren@tsubame.example"
ORDERED, FROM_RENEWAL_ON = 10, 6
USERS = ("加藤 太郎", "井上 さくら")


@dataclass(frozen=True)
class Deal:
    """Who buys what from whom, in the letters of the reader."""

    customer: str
    reseller: str
    provider: str
    offer: str
    note: str

    @classmethod
    def in_words(cls, words: Words) -> "Deal":
        """The same deal in either language."""
        return cls(
            customer=words.either("アオバ工業", "Aoba Industries"),
            reseller=words.either("カワセシステムズ", "Kawase Systems"),
            provider=words.either("ヒノデ商事", "Hinode Trading"),
            offer=words.either("デスク ベーシック", "Desk Basic"),
            note=words.either("増員の分です。月曜から使います。", "For the new team; they start on Monday."),
        )


def comes_in(reader: Reader, user_name: str, address: str, password: str) -> None:
    """Open an address that asks to sign in, and give both factors."""
    code = reader.code_in_mailbox(user_name)
    reader.open(address)
    reader.sign_in(user_name, password)
    reader.give_code(code)


# ---------------------------------------------------------------- asking and approving
def reseller_asks(reader: Reader, deal: Deal) -> str:
    """Customer, [Services], [Add a subscription], frequency, offer, cart, review, request (N-27, S-099)."""
    words = reader.words
    reader.heading(words("Customers"))
    reader.page.get_by_label(words("Manage %(name)s", name=deal.customer)).click()
    reader.follow(words("Services"), within=reader.page.locator(".quick"))
    reader.heading(deal.customer)
    reader.misses(deal.offer)
    reader.shot("36-services")
    reader.follow(words("Add a subscription"))
    reader.heading(words("Add a subscription"))
    reader.choose(words("How often is it paid?"), words("Monthly"))
    reader.press(words("Next"))
    reader.write(words("Search the catalog"), deal.offer)
    reader.press(words("Show"))
    offer = reader.page.get_by_role("row").filter(has_text=deal.offer).filter(has_text=words("1 month"))
    offer.get_by_label(words("Quantity")).fill(str(ORDERED))
    reader.shot("37-add-a-subscription")
    reader.press(words("Add to cart"), within=offer)
    reader.reads(words("“%(offer)s” is in the cart.", offer=deal.offer), deal.provider)
    reader.shot("38-cart")
    reader.follow(words("Review"))
    reader.heading(words("Review the order request"))
    reader.reads(deal.customer, deal.reseller, deal.provider)
    reader.write(words("Note to the provider"), deal.note)
    reader.shot("39-review-the-request")
    reader.press(words("Send the order request"))
    reader.reads(words("Waiting for the provider"), deal.note)
    number = re.search(r"\d+", reader.page.get_by_role("heading", level=1).inner_text())
    assert number
    return number[0]


def provider_approves(reader: Reader, deal: Deal, number: str, password: str) -> None:
    """The mail leads to the request; approved, it is an order whose line is provided at once (S-099)."""
    words = reader.words
    link = reader.read_mail("mei@mail.hinode.example", "アオバ工業", "40-mail-to-the-provider")
    reader.reads(number)
    comes_in(reader, MEI, link, password)
    reader.heading(words("Order request %(n)s", n=number))
    reader.reads(deal.note, deal.customer, deal.reseller)
    expect(line_of(reader, deal)).to_contain_text(str(ORDERED))
    reader.shot("41-order-request")
    reader.press(words("Approve and order"))
    reader.reads(words("Approved"))
    reader.follow(words("Open the order"))
    expect(line_of(reader, deal)).to_contain_text(words("Completed"))
    reader.reads(deal.customer, deal.reseller, deal.provider)
    reader.shot("42-order")


def line_of(reader: Reader, deal: Deal) -> Locator:
    """The table's row with the offer."""
    return reader.page.get_by_role("row").filter(has_text=deal.offer).first


# ---------------------------------------------------------------- using
def reseller_finds_subscription(reader: Reader, deal: Deal) -> str:
    """It is active, with quantity and chain; its address (S-103)."""
    words = reader.words
    reader.open("/dashboard/subscriptions/?q=aoba.example")
    line = reader.row(deal.offer)
    expect(line).to_contain_text(words("Active"))
    expect(line).to_contain_text(str(ORDERED))
    reader.follow(deal.offer, within=line)
    reader.heading(deal.offer)
    reader.reads(deal.provider, deal.reseller, words("Can be given back until"))
    reader.shot("43-subscription")
    return reader.page.url


def reseller_assigns(reader: Reader, deal: Deal) -> None:
    """Two users at once, and what became of each (N-26)."""
    words = reader.words
    reader.follow(deal.customer)
    reader.follow(words("Users"), within=reader.page.get_by_role("main"))
    for name in USERS:
        reader.box(words("Select %(name)s", name=name)).check()
    reader.shot("44-users")
    reader.press(words("Manage licenses of the selected users"))
    card = reader.page.locator(".card").filter(has_text=deal.offer)
    reader.tick(words("Assign to all of them"), within=card)
    reader.shot("45-assign-licenses")
    reader.press(words("Change licenses"))
    reader.reads(words("Everything was done (%(succeeded)s).", succeeded=len(USERS)))
    for name in USERS:
        line = reader.row(name)
        expect(line).to_contain_text(deal.offer)
        expect(line).to_contain_text(words("License assigned"))
    reader.shot("46-result")


# ---------------------------------------------------------------- the renewal
def reseller_plans_fewer(reader: Reader, deal: Deal, subscription: str) -> None:
    """Fewer licences from the renewal on; the radar shows the day, the plan and who uses what."""
    words = reader.words
    reader.open(subscription)
    reader.follow(words("Schedule a change"))
    reader.write(words("Quantity from the renewal on"), str(FROM_RENEWAL_ON))
    reader.press(words("Schedule"))
    reader.reads(f"{ORDERED} → {FROM_RENEWAL_ON}")
    reader.shot("47-scheduled-change")
    reader.open("/dashboard/renewals/?q=aoba.example")
    line = reader.row(deal.offer)
    expect(line).to_contain_text(words("%(count)s from the renewal on", count=FROM_RENEWAL_ON))
    expect(line).to_contain_text(str(ORDERED - len(USERS)))
    # The sums of the months come by themselves, after the page.
    expect(reader.page.locator("#months .tile__figure").first).to_have_text("1")
    reader.shot("48-renewals")


# ---------------------------------------------------------------- the customer
def customer_looks(reader: Reader, deal: Deal) -> None:
    """Subscriptions, whom to ask, and who uses the licences; no price of anybody else (N-34, G-05)."""
    words = reader.words
    reader.heading(words("Subscriptions"))
    line = reader.row(deal.offer)
    expect(line).to_contain_text(words("Active"))
    expect(line).to_contain_text(str(ORDERED))
    reader.shot("49-customer-subscriptions")
    reader.follow(deal.offer, within=line)
    reader.reads(words("Support contact"), f"{ORDERED} → {FROM_RENEWAL_ON}")
    reader.misses(words("You are paid"))
    reader.shot("50-customer-subscription")
    reader.open("/organization/licences/")
    line = reader.row(deal.offer)
    expect(line).to_contain_text(str(ORDERED - len(USERS)))
    reader.shot("51-customer-licenses")


def customer_asks(reader: Reader, deal: Deal) -> None:
    """A request to the partner, which waits (N-35)."""
    words = reader.words
    reader.open("/organization/requests/")
    reader.follow(words("Ask a partner"))
    reader.tick(words("Cancel a subscription"))
    choice = reader.page.get_by_role("option").filter(has_text=deal.offer).get_attribute("value")
    reader.page.locator("select").filter(has_text=deal.offer).select_option(choice)
    reader.write(
        words("Message to the partner"), words.either("計画が変わりました。", "Our plans have changed.")
    )
    reader.shot("52-ask-a-partner")
    reader.press(words("Send the request"))
    expect(reader.row(deal.offer)).to_contain_text(words("Waiting for the partner"))


def reseller_answers(reader: Reader, deal: Deal) -> None:
    """The partner reads it and accepts."""
    words = reader.words
    reader.open("/dashboard/wishes/")
    line = reader.row(deal.offer)
    expect(line).to_contain_text(words("Cancel a subscription"))
    reader.follow(deal.customer, within=line)
    reader.write(words("Answer to the customer"), words.either("手配します。", "We take care of it."))
    reader.shot("53-customers-request")
    reader.press(words("Accept"))
    reader.reads(words("Accepted"))


# ---------------------------------------------------------------- the end
def provider_cancels(reader: Reader, deal: Deal, subscription: str) -> None:
    """Inside the window; the page says how many lose a licence, and asks to have that read."""
    words = reader.words
    reader.open(subscription)
    reader.follow(words("Cancel the subscription"))
    told = reader.page.locator(".facts__row").filter(
        has_text=words("Users who have a license of this product")
    )
    expect(told).to_contain_text(str(len(USERS)))
    reader.tick(words("I understand that users lose their licenses and that this cannot be undone."))
    reader.shot("54-cancel")
    reader.press(words("Cancel the subscription"))
    reader.reads(words("The subscription is canceled. Customer and partners are told."))


def reseller_sees_the_end(reader: Reader, deal: Deal, subscription: str) -> None:
    """Canceled; the users have no licence any more, and nothing renews."""
    words = reader.words
    reader.open(subscription)
    reader.reads(words("Canceled"))
    reader.misses(words("Can be given back until"))
    reader.shot("55-canceled")
    reader.open("/dashboard/renewals/?q=aoba.example")
    reader.misses(deal.offer)
    reader.open("/dashboard/customers/")
    reader.page.get_by_label(words("Manage %(name)s", name=deal.customer)).click()
    reader.follow(words("Users"), within=reader.page.locator(".quick"))
    expect(reader.row(USERS[0])).not_to_contain_text(deal.offer)


# ---------------------------------------------------------------- the operator
def provider_reads_its_invoice(reader: Reader, deal: Deal) -> None:
    """What the operator charged for the month before: each line with its customer, its order and how it comes about."""
    words = reader.words
    reader.open("/dashboard/invoices/")
    reader.page.locator("table a").first.click()
    reader.reads(words("To pay, tax included"), deal.customer, "×")
    reader.shot("69-invoice")


def operator_keeps_shop(reader: Reader, deal: Deal) -> None:
    """Catalogue, the coming price list with its marks, and what was asked of other systems (N-33)."""
    words = reader.words
    reader.reads(words.either("ツバメ デスク", "Tsubame Desk"))
    reader.shot("56-catalog")
    reader.open("/operator/catalogue/price-lists/")
    coming = reader.page.get_by_role("row").filter(has_text=words("Published, coming")).filter(has_text="JPY")
    coming.get_by_role("link").click()
    reader.reads("CHG", "UNC")
    reader.choose(words("Change"), words("CHG – changed"))
    reader.press(words("Search"))
    expect(reader.page.locator("#lines")).not_to_contain_text("UNC")
    expect(reader.row(words.either("オフィス スタンダード", "Office Standard"))).to_contain_text("CHG")
    reader.shot("57-price-list")
    reader.open("/operator/fulfilment/")
    for kind, done in (("Remove", "Done"), ("Provision", "Done")):
        task = reader.page.get_by_role("row").filter(has_text="basic").filter(has_text=words(kind)).first
        expect(task).to_contain_text(words(done))
    reader.shot("58-fulfilment")
