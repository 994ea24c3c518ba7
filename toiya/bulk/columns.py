"""The columns of each kind of file. Headings are accepted in both languages, and as the short English key."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from toiya.bulk.errors import ColumnsMissing, ColumnTwice
from toiya.bulk.models import BulkKind
from toiya.bulk.tables import FORMULA, LONGEST_CELL, LONGEST_HASH, Table
from toiya.core.text import fold

RESULT = _("Result")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key, its heading, whether every row needs it, an example, and what may stand in it."""

    key: str
    label: str | Promise
    example: str | Promise = ""
    is_needed: bool = False
    hint: str | Promise = ""
    longest: int = LONGEST_CELL
    also: tuple[str, ...] = ()  # headings that other programs write

    @property
    def names(self) -> frozenset[str]:
        """Every spelling of the heading that is accepted, folded."""
        spellings = {self.key, self.key.replace("_", " "), *self.also}
        for language in ("ja", "en"):
            with translation.override(language):
                spellings.add(str(self.label))
        return frozenset(fold(spelling) for spelling in spellings)


LANGUAGE = Column("language", _("Language"), "ja", hint=_("ja or en"))
COLUMNS: Mapping[BulkKind, tuple[Column, ...]] = {
    BulkKind.INVITATIONS: (
        Column("customer_name", _("Customer's name"), _("Momiji Foods"), is_needed=True),
        Column(
            "email",
            _("Customer's email address"),
            "info@momiji.example",
            hint=_("The system mails the invitation; left empty, you send it yourself."),
        ),
        Column("domain", _("Customer's domain"), "momiji.example", hint=_("Then nobody else can accept.")),
        LANGUAGE,
        Column(
            "channel",
            _("How won"),
            "own_marketing",
            hint=_("own_marketing, operator_referral or provider"),
        ),
        Column(
            "roles",
            _("Administrator roles"),
            "license_administrator",
            hint=_(
                "directory_reader, helpdesk_administrator, license_administrator, user_administrator or "
                "global_administrator; several with a space between; - for none"
            ),
        ),
        Column("grant_days", _("Administrator access (days)"), "365", hint="1–730"),
        Column("valid_days", _("Valid for (days)"), "30", hint="1–90"),
        Column(
            "partner_domain",
            _("Together with (domain)"),
            "",
            hint=_("The domain of your partner, to ask for both relationships at once."),
        ),
    ),
    BulkKind.LICENCES: (
        Column("user_name", _("User name"), "taro@momiji.example", is_needed=True),
        Column(
            "product",
            _("Product"),
            "office/standard",
            is_needed=True,
            hint=_("Code of product and SKU with a slash between, or the name of the SKU"),
        ),
        Column("action", _("Action"), "assign", hint=_("assign or revoke; empty means assign")),
        Column(
            "plans_off",
            _("Service plans off"),
            "",
            hint=_("Codes with a space between; empty leaves them as they are; - switches all on"),
        ),
    ),
    BulkKind.USERS: (
        Column("name", _("Full name"), _("Taro Suzuki"), is_needed=True),
        Column("user_name", _("User name"), "taro@momiji.example", is_needed=True),
        Column("contact_email", _("E-mail address"), "taro@mail.example", is_needed=True),
        LANGUAGE,
        Column("country", _("Country of use"), "JP", hint=_("Two letters; licenses need it.")),
    ),
    BulkKind.CUSTOMERS: (
        Column("name", _("Organization name"), _("Momiji Foods"), is_needed=True),
        Column("reading", _("Reading (kana)"), "もみじしょくひん"),
        Column("latin_name", _("Name in Latin letters"), "Momiji Foods"),
        Column("domain", _("Primary domain"), "momiji.example", is_needed=True),
        Column("country", _("Country or region"), "JP", is_needed=True),
        LANGUAGE,
        Column("admin_name", _("Administrator's name"), _("Hanako Sato"), is_needed=True),
        Column("admin_user", _("Administrator's user name"), "hanako", is_needed=True),
        Column("admin_email", _("Administrator's e-mail"), "hanako@mail.example", is_needed=True),
        Column("admin_phone", _("Administrator's phone number"), "+81 3-1234-5678"),
        Column(
            "registration_number", _("Registration number"), "", hint=_("Only where the country gives one.")
        ),
        Column("segment", _("Segment"), "commercial"),
        Column("partner_domain", _("Partner's domain"), "", hint=_("The reseller that you name, if any.")),
    ),
    BulkKind.ORDERS: (
        Column("customer", _("Customer's domain"), "momiji.example", is_needed=True),
        Column("product", _("Product"), "office/standard", is_needed=True),
        Column("term", _("Term"), "P1Y", is_needed=True, hint=_("P1M, P1Y, P3Y or - for no commitment")),
        Column("billing_cycle", _("Billing cycle"), "monthly", is_needed=True),
        Column("quantity", _("Quantity"), "10", is_needed=True),
        Column("name", _("Name of the subscription"), ""),
        Column("partner_domain", _("Partner's domain"), "", hint=_("The reseller that you name, if any.")),
        Column(
            "reference",
            _("Your reference"),
            "PO-2027-001",
            is_needed=True,
            hint=_("Each reference is ordered once, however often the file is handed in."),
        ),
    ),
    BulkKind.DEVICES: (
        Column("serial_number", _("Serial number"), "W-10001", also=("Device Serial Number",)),
        Column(
            "manufacturer",
            _("Manufacturer"),
            "Tsubame",
            also=("Manufacturer name", "OEM manufacturer name"),
            hint=_("Serial number, manufacturer and model together tell a device from others."),
        ),
        Column("model_name", _("Model"), "Wing 2", also=("Device model",)),
        Column(
            "product_key",
            _("Product key"),
            "",
            also=("Windows Product ID",),
            hint=_("It tells a device from others by itself."),
        ),
        Column(
            "hardware_hash",
            _("Hardware hash"),
            "",
            hint=_("It tells a device from others by itself."),
            longest=LONGEST_HASH,
        ),
        Column("batch", _("Batch"), _("Spring 2027"), hint=_("Left empty, the name of the file.")),
        Column("policy", _("Policy"), "", hint=_("Its name; - takes it away; empty leaves it as it is.")),
    ),
}


def arranged(kind: BulkKind, table: Table) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """The rows by the keys of the columns, and the headings that mean nothing here.

    Raises ColumnsMissing and ColumnTwice.
    """
    columns = COLUMNS[kind]
    places: dict[str, int] = {}
    ignored: list[str] = []
    known = {name: column for column in columns for name in column.names}
    results = Column("result", RESULT).names
    for place, heading in enumerate(table.header):
        column = known.get(fold(heading))
        if column is None:
            if heading and fold(heading) not in results:
                ignored.append(heading)
        elif column.key in places:
            raise ColumnTwice(name=heading)
        else:
            places[column.key] = place
    missing = [str(column.label) for column in columns if column.is_needed and column.key not in places]
    if missing:
        raise ColumnsMissing(missing=missing, found=[heading for heading in table.header if heading][:20])
    rows = [
        (line, {key: cells[place] if place < len(cells) else "" for key, place in places.items()})
        for line, cells in table.rows
    ]
    limits = {column.key: column.longest for column in columns}
    kept = [(line, {key: _kept(cell, limits[key]) for key, cell in cells.items()}) for line, cells in rows]
    return kept, ignored


def _kept(cell: str, longest: int) -> str:
    """A cell of another program's export may begin with the apostrophe that keeps it from being computed."""
    if cell == FORMULA:
        return cell
    if cell[:1] == "'" and cell[1:2] in set("=+-@|%"):
        cell = cell[1:]
    return cell[: longest + 1].replace("\0", "")
