"""Chapter one: a company enrols as an indirect reseller, is verified and approved, and sets up its people."""

from dataclasses import dataclass

from playwright.sync_api import Locator, expect

from tests.browser.reader import Reader, Words

PASSWORD = "violet river meets the sea"
MEMBERSHIP_LOGIN = "yui.yoshida"
REVIEWER = "ren@tsubame.example"
ACTIVE_PROFILE, INACTIVE_PROFILE, FOREIGN_PROFILE = "7250318", "7250319", "8810042"


@dataclass(frozen=True)
class Company:
    """An organisation that comes to the programme, and the person who acts for it."""

    name: str
    reading: str
    latin_name: str
    domain: str
    person: str
    user: str

    @property
    def user_name(self) -> str:
        """What the person signs in as."""
        return f"{self.user}@{self.domain}"

    @property
    def mail(self) -> str:
        """Where the person is written to."""
        return f"{self.user}.office@{self.domain}"


def newcomer_of(words: Words) -> Company:
    """The company that enrols."""
    return Company(
        name=words.either("ヤマブキ情報", "Yamabuki Information"),
        reading="やまぶきじょうほう",
        latin_name="Yamabuki Information",
        domain="yamabuki-it.example",
        person=words.either("吉田 結衣", "Yui Yoshida"),
        user="yui",
    )


def creates_work_account(reader: Reader, company: Company) -> None:
    """From the public page to a new work account (S-008, S-011, S-013, S-021, S-025)."""
    words = reader.words
    reader.open("/")
    reader.shot("01-welcome")
    reader.follow(words("Become an indirect reseller"), within=reader.page.get_by_role("main"))
    reader.shot("02-become-a-reseller")
    reader.follow(words("Start the enrollment"))
    reader.heading(words("Welcome"))
    reader.reads(words("3. Legal name, address, primary contact and support details"))
    reader.shot("03-enrolment-welcome")
    reader.follow(words("Next", "wizard"))
    reader.follow(words("Create", "work account"))
    reader.choose(words("Country or region"), "JP")
    reader.write_all(
        [
            (words("Company name"), company.name),
            (words("Reading of the name (kana)"), company.reading),
            (words("Name in Latin letters"), company.latin_name),
            (words("Domain of the company"), company.domain),
            (words("Your full name"), company.person),
            (words("Your email address"), company.mail),
            (words("User name (the part before @)"), company.user),
            (words("Password"), PASSWORD),
            (words("Password again"), PASSWORD),
        ]
    )
    reader.shot("04-create-work-account")
    reader.press(words("Create the work account"))


def signs_in_with_it(reader: Reader, company: Company) -> None:
    """The new account signs in by itself and sets up its second factor (S-026)."""
    words = reader.words
    reader.heading(words("Work account created"))
    reader.reads(company.user_name)
    reader.follow(words("Sign in", "work account"))
    reader.sign_in(company.user_name, PASSWORD)
    reader.set_up_app("05-second-factor")


def links_membership(reader: Reader, password: str) -> None:
    """Explanation, user name and password on pages of their own, choice of the profile (S-027 to S-035)."""
    words = reader.words
    reader.reads(words("How it works"))
    reader.shot("06-membership")
    reader.press(words("Sign in to the membership site"))
    reader.write(words("User name"), MEMBERSHIP_LOGIN)
    reader.press(words("Next", "wizard"))
    reader.reads(MEMBERSHIP_LOGIN)
    reader.write(words("Password"), password)
    reader.press(words("Sign in to the membership site"))
    reader.heading(words("Choose the organization profile"))
    reader.reads(words("Inactive"))
    for refused in (INACTIVE_PROFILE, FOREIGN_PROFILE):
        expect(_profile(reader, refused)).to_be_disabled()
    _profile(reader, ACTIVE_PROFILE).check()
    reader.shot("07-organization-profile")
    reader.press(words("Continue", "wizard"))


def _profile(reader: Reader, membership_id: str) -> Locator:
    return reader.page.locator("label").filter(has_text=membership_id).get_by_role("radio")


def answers(reader: Reader, company: Company) -> None:
    """Legal profile prefilled, web-mail address refused, support, review, submission (S-036 to S-039)."""
    words = reader.words
    reader.heading(words("Legal profile of your organization"))
    reader.shot("08-legal-profile")
    reader.press(words("Next", "wizard"))
    reader.write(words("Full name"), company.person)
    reader.write(words("Email address"), "yui.yoshida@gmail.com")
    reader.write(words("Phone number"), "045-123-4567")
    reader.press(words("Next", "wizard"))
    refusal = "%(domain)s belongs to a web-based email service. Use an address in a domain of your company."
    reader.reads(words(refusal, domain="gmail.com"))
    reader.shot("09-web-mail-refused")
    reader.write(words("Email address"), company.mail)
    reader.press(words("Next", "wizard"))
    reader.write(words("Support website"), f"https://support.{company.domain}/")
    reader.write(words("Support email address"), f"support@{company.domain}")
    reader.write(words("Support phone number"), "045-123-4568")
    reader.press(words("Next", "wizard"))
    reader.heading(words("Review"))
    reader.reads(company.mail, ACTIVE_PROFILE)
    reader.tick(words("I have read the agreement and accept it for my company."))
    reader.shot("10-review")
    reader.press(words("Enroll now"))
    reader.heading(words("Enrollment status"))
    reader.reads(words("Waiting for the primary contact"))
    reader.shot("11-status")


def contact_confirms(reader: Reader, company: Company) -> None:
    """The primary contact follows the mailed link (S-040, S-041)."""
    words = reader.words
    about = words.either("ご確認", "Please confirm")
    link = reader.read_mail(company.mail, about, "12-mail-to-the-contact")
    reader.open(link)
    reader.heading(words("Did your company apply?"))
    reader.reads(company.person, company.mail)
    reader.shot("13-contact-confirms")
    reader.press(words("Yes, we applied"))
    reader.heading(words("Thank you"))


def operator_approves(reader: Reader, company: Company, password: str) -> None:
    """Two checks with evidence, then approval (S-018, S-042)."""
    words = reader.words
    code = reader.code_in_mailbox(REVIEWER, "14-people-and-codes")
    reader.open("/operator/")
    reader.sign_in(REVIEWER, password)
    reader.give_code(code)
    reader.heading(words("Operator console"))
    reader.shot("15-operator-console")
    reader.follow(words("Enrollments"), within=reader.page.get_by_role("navigation"))
    reader.follow(company.name, within=reader.page.get_by_role("main"))
    for evidence in (
        words.either("法人番号 9010001000001 を登記簿で確認", "Company register, number 9010001000001"),
        words.either("代表番号に電話し、在籍を確認", "Called the company's main number; she works there"),
    ):
        check = reader.page.locator("details[open]").filter(
            has=reader.page.get_by_role("button", name=words("Record the decision"))
        )
        reader.tick(words("Passed", "check"), within=check.first)
        reader.write(words("Evidence"), evidence, within=check.first)
        reader.press(words("Record the decision"), within=check.first)
        reader.reads(evidence)
    reader.shot("16-review-queue")
    reader.press(words("Approve"))
    reader.reads(words("Approved"))


def learns_of_approval(reader: Reader, company: Company) -> None:
    """Exactly one mail says that the review is complete; the dashboard is open (S-020, S-044)."""
    words = reader.words
    about = words.either("承認されました", "is now an indirect reseller")
    reader.open(f"/mailbox/?q={company.mail}")
    expect(reader.page.get_by_role("listitem").filter(has_text=about)).to_have_count(1)
    reader.open("/dashboard/")
    reader.heading(company.name)
    reader.reads(words("Check that you are in the admin agent group"), words("You are an admin agent."))
    reader.shot("17-first-run")


def adds_user(reader: Reader, company: Company) -> tuple[str, str]:
    """[設定] > [ユーザー管理] > [ユーザーの追加]; the password is shown once (S-046 to S-054)."""
    words = reader.words
    reader.follow(words("Settings"))
    reader.enter(words("User management"))
    reader.follow(company.person)
    expect(reader.box(words("Admin agent"))).to_be_checked()
    reader.page.go_back()
    reader.follow(words("Add user"))
    reader.write(words("Full name"), words.either("西 直人", "Naoto Nishi"))
    reader.write(words("Email address"), f"naoto@{company.domain}")
    reader.tick(words("Helpdesk agent"))
    reader.shot("18-add-user")
    reader.press(words("Add"))
    reader.heading(words("The user has been added"))
    reader.reads(words("Temporary password"), f"naoto@{company.domain}", words("Helpdesk agent"))
    reader.shot("19-temporary-password")
    password = reader.page.locator("#temporary-password").inner_text()
    reader.follow(words("Done"))
    reader.follow(words.either("西 直人", "Naoto Nishi"))
    reader.misses(password)
    return f"naoto@{company.domain}", password


def user_comes(reader: Reader, user_name: str, password: str) -> None:
    """First sign-in: own password, second factor, then only what the role allows (S-051, S-055, S-056)."""
    words = reader.words
    reader.open("/dashboard/")
    reader.sign_in(user_name, password)
    reader.heading(words("Change password"))
    reader.shot("20-change-password")
    reader.write(words("Present password"), password)
    reader.write(words("New password"), PASSWORD)
    reader.write(words("New password again"), PASSWORD)
    reader.press(words("Change password"))
    reader.set_up_app()
    menu = reader.page.get_by_role("navigation", name=words("Menu")).first
    expect(menu).to_contain_text(words("Customers"))
    expect(menu).not_to_contain_text(words("User management"))
