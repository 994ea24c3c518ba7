"""Files with many rows: checked, confirmed, carried out in part, repeated without effect (C-08)."""

import csv
import datetime as dt
import io
import zipfile
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.bulk.story import checked, confirmed, csv_of, handed_in, results, worked, xlsx_of
from tests.cast import Cast, actor_of, browser_of, partner, relate
from tests.commerce import build_shop, subscribed
from toiya.audit.models import AuditRecord
from toiya.bulk import tables, work
from toiya.bulk.files import forget_passwords
from toiya.bulk.models import BulkFile, BulkRow, BulkState
from toiya.bulk.outcome import secret_of
from toiya.bulk.secrets import encrypt
from toiya.bulk.work import send_waiting_mails, work_on_files
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, DirectoryRole
from toiya.customers.models import RelationshipInvitation, RelationshipSending
from toiya.directory.models import RoleAssignment
from toiya.licences.models import Licence
from toiya.orders.models import Order
from toiya.programme.models import Country, Programme
from toiya.relations.grants import grant_administration
from toiya.relations.models import AccessAssignment, AdministrationGrant


def invitations(*rows: tuple[str, ...], encoding: str = "utf-8-sig") -> bytes:
    return csv_of(("customer_name", "email", "remark", "valid_days"), *rows, encoding=encoding)


@pytest.mark.parametrize(("language", "said"), [("ja", "使える値"), ("en", "possible are")])
def test_rows_are_answered_in_the_language_in_which_the_file_was_handed_in(
    cast: Cast, language: str, said: str
) -> None:
    """Kai's mails are Japanese. Planted fault: the worker answers in the language of the mails."""
    content = csv_of(("customer_name", "email", "language"), ("モミジ食品", "info@momiji.example", "xx"))
    browser = browser_of(cast.kai, language=language)
    handed = browser.post(
        reverse("bulk:hand_in", args=["invitations"]), {"file": SimpleUploadedFile("rows.csv", content)}
    )
    worked()

    assert said in browser.get(handed["Location"]).content.decode()


def test_each_row_is_shown_before_anything_happens_and_repeating_changes_nothing(cast: Cast) -> None:
    """C-08. Planted fault: the rehearsal is not rolled back; invitations exist before the file is confirmed."""
    content = invitations(
        ("モミジ食品", "info@momiji.example", "x", "30"),
        ("サクラ印刷", "not an address", "x", "30"),
        ("", "", "", ""),
        ("ツル技研", "info@tsuru.example", "x", "400"),
        ("モミジ食品", "info@momiji.example", "x", "30"),
        ("ハト通信", "info@hato.example", "x", ""),
    )
    file = checked(cast.kai, "invitations", content)

    assert file.state == BulkState.CHECKED
    assert file.ignored_columns == ["remark"]
    assert results(file) == [(2, "ready"), (3, "wrong"), (5, "wrong"), (6, "wrong"), (7, "ready")]
    assert RelationshipInvitation.objects.count() == 0
    page = reverse("bulk:file", args=[file.pk])
    for outsider in (cast.yui, cast.mei):
        assert browser_of(outsider).get(page).status_code == 404
    kai = browser_of(cast.kai)
    shown = kai.get(page).content.decode()
    for said in ("not an address", "remark", "line 2 already", "2 rows are ready"):
        assert said in shown, said
    confirmed(kai, file)
    assert file.state == BulkState.DONE
    assert [state for _line, state in results(file)] == ["done", "wrong", "wrong", "wrong", "done"]
    assert RelationshipInvitation.objects.count() == RelationshipSending.objects.count() == 2
    assert kai.post(reverse("bulk:confirm", args=[file.pk]), {"version": "1"}).status_code == 409

    again = checked(cast.kai, "invitations", content)
    assert [state for _line, state in results(again)] == ["unchanged", "wrong", "wrong", "wrong", "unchanged"]
    assert (
        kai.post(reverse("bulk:confirm", args=[again.pk]), {"version": str(again.version)}).status_code == 409
    )
    failed = kai.get(reverse("bulk:failures", args=[file.pk, "csv"])).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(failed)))
    assert [row[1] for row in rows[1:]] == ["not an address", "info@tsuru.example", "info@momiji.example"]
    assert "Result" in rows[0]
    corrected = failed.replace("not an address", "info@sakura.example").replace("400", "40")
    third = checked(cast.kai, "invitations", corrected.encode())
    assert third.ignored_columns == []
    assert [state for _line, state in results(third)] == ["ready", "ready", "unchanged"]
    actions = set(AuditRecord.objects.filter(tenant_id=cast.kawase.pk).values_list("action", flat=True))
    assert {"upload_file", "confirm_file"} <= actions


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "xlsx"])
def test_japanese_headings_in_every_encoding(cast: Cast, encoding: str) -> None:
    """C-08: UTF-8 with and without BOM, Shift_JIS with a notice, Excel."""
    template = browser_of(cast.kai, language="ja").get(reverse("bulk:template", args=["invitations", "csv"]))
    heading = tuple(template.content.decode("utf-8-sig").splitlines()[0].split(","))
    row = ("髙橋モミジ食品", "info@momiji.example", "momiji.example", "ja", "", "-", "100", "20", "")
    content = xlsx_of(heading, row) if encoding == "xlsx" else csv_of(heading, row, encoding=encoding)

    file = checked(cast.kai, "invitations", content)

    assert results(file) == [(2, "ready")]
    assert file.rows.get().cells["customer_name"] == "髙橋モミジ食品"
    page = browser_of(cast.kai).get(reverse("bulk:file", args=[file.pk])).content.decode()
    assert ("Shift_JIS" in page) == (encoding == "cp932")
    confirmed(browser_of(cast.kai), file)
    made = RelationshipInvitation.objects.get()
    assert (made.grant_days, made.named_domain, made.requested_roles.count()) == (100, "momiji.example", 0)


def test_what_is_no_table_is_refused_with_its_reason_and_nothing_is_kept(cast: Cast) -> None:
    """C-08. Planted fault: the sizes in the directory of an archive are not added up before it is opened."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (tables.LARGEST_UNPACKED_MB + 1) * tables.MEGABYTE)
    cases = [
        (b"", "no rows below"),
        (b"customer_name,email\r\n", "no rows below"),
        (b"a,b\r\n1,2\r\n", "columns are missing"),
        (b"\xd0\xcf\x11\xe0 old Excel", "neither a CSV"),
        (b"PK\x03\x04 nothing", "neither a CSV"),
        (b"customer_name\r\n\xff\xfe\xfd\x81\x00", "neither"),
        (b"customer_name\r\n\xff\xff\xa0", "UTF-8"),
        (csv_of(("customer_name", "Customer's name"), ("a", "b")), "there twice"),
        (csv_of(("customer_name", *["x"] * 70), ("a", *["y"] * 70)), "more than 60 columns"),
        (b"customer_name\r\n" + b"a\r\n" * (tables.MOST_ROWS + 1), "more than 10000 rows"),
        (b"x" * (tables.LARGEST_MB * tables.MEGABYTE + 1), "too large"),
        (bomb.getvalue(), "too large"),
    ]
    for content, said in cases:
        answer = handed_in(cast.kai, "invitations", content)
        assert answer.status_code == 400, said  # type: ignore[attr-defined]
        assert said in answer.content.decode(), said  # type: ignore[attr-defined]
    assert BulkFile.objects.count() == BulkRow.objects.count() == 0
    assert handed_in(cast.nao, "invitations", b"x").status_code == 403  # type: ignore[attr-defined]
    formulas = xlsx_of(("customer_name", "email"), ("=1+1", "a@b.example"), ("Momiji", "c@d.example"))
    file = checked(cast.kai, "invitations", formulas)
    assert results(file) == [(2, "wrong"), (3, "ready")]
    assert "holds a formula" in file.rows.get(line=2).message


def test_mails_beyond_the_hourly_limit_wait_and_go_by_themselves(cast: Cast) -> None:
    """C-08. Planted fault: a mail that waits fails its row, and the invitation is lost."""
    Programme.objects.update(mails_per_hour=2)
    rows = [(f"顧客{place}", f"info@c{place}.example", "", "") for place in range(5)]
    file = confirmed(browser_of(cast.kai), checked(cast.kai, "invitations", invitations(*rows)))

    assert {state for _line, state in results(file)} == {"done"}
    assert RelationshipInvitation.objects.count() == 5
    assert RelationshipSending.objects.count() == 2
    page = browser_of(cast.kai).get(reverse("bulk:file", args=[file.pk])).content.decode()
    assert "3 mails wait" in page
    assert "at most 2 invitations an hour" in page
    assert send_waiting_mails() == 0
    for hours, expected in ((1, 4), (2, 5), (3, 5)):
        with time_machine.travel(real_now() + hours * (dt.timedelta(hours=1))):
            send_waiting_mails()
        assert RelationshipSending.objects.count() == expected


def test_licences_as_far_as_seats_and_rights_reach_at_each_row_s_moment(cast: Cast) -> None:
    """C-08, T-18. Planted fault: the uploader is built once for the file; rows after the loss of the role still run."""
    relate(cast.kawase, cast.aoba)
    shop = build_shop(cast)
    subscribed(cast, shop, cast.aoba, quantity=1)
    grant_administration(
        actor_of(cast.kai),
        tenant=cast.aoba,
        grantee=cast.kawase,
        capacity=Capacity.RESELLER,
        roles=[DirectoryRole.LICENSE_ADMINISTRATOR],
        expires_at=real_now() + dt.timedelta(days=30),
        consented_by_id=cast.emi.pk,
        invitation_id=None,
    )
    heading = ("user_name", "product", "action")
    content = csv_of(
        heading,
        (cast.taro.user_name, "office/standard", ""),
        (cast.emi.user_name, "Office Standard", "assign"),
        ("nobody@aoba.example", "office/standard", ""),
        (cast.emi.user_name, "office/nothing", ""),
    )
    unknown = handed_in(cast.kai, "licences", content, customer="yamabuki.example")
    assert unknown.status_code == 400  # type: ignore[attr-defined]
    file = checked(cast.kai, "licences", content, customer="aoba.example")
    assert [state for _line, state in results(file)] == ["ready", "ready", "wrong", "wrong"]
    assert Licence.objects.count() == 0

    confirmed(browser_of(cast.kai), file)

    assert [state for _line, state in results(file)] == ["done", "failed", "wrong", "wrong"]
    assert "are in use" in file.rows.get(line=3).message
    again = checked(cast.kai, "licences", content, customer="aoba.example")
    assert results(again)[0] == (2, "unchanged")
    rows = [(cast.taro.user_name, "office/standard", *act) for act in (("revoke", ""), ("assign", "files"))]
    last = checked(cast.kai, "licences", csv_of((*heading, "plans_off"), *rows), customer="aoba.example")
    assert results(last) == [(2, "ready"), (3, "ready")]
    browser_of(cast.kai).post(reverse("bulk:confirm", args=[last.pk]), {"version": str(last.version)})
    step = work._step  # noqa: SLF001  (the moment between two rows)

    def then_the_role_is_gone(*row: Any) -> bool:
        going = step(*row)
        RoleAssignment.objects.filter(person=cast.kai).delete()
        return going

    with mock.patch.object(work, "_step", then_the_role_is_gone):
        worked()
    assert results(last) == [(2, "done"), (3, "failed")]
    assert Licence.objects.count() == 0


def test_orders_happen_once_for_each_reference(cast: Cast) -> None:
    """C-08. Planted fault: the submission key holds the file's id; the same file orders twice."""
    partner(cast.hinode, cast.kawase)
    for one in (cast.hinode, cast.kawase):
        relate(one, cast.aoba)
    build_shop(cast)
    heading = ("customer", "product", "term", "billing_cycle", "quantity", "partner_domain", "reference")
    content = csv_of(
        heading,
        ("aoba.example", "office/standard", "P1Y", "monthly", "5", "kawase.example", "PO-1"),
        ("aoba.example", "office/standard", "P3Y", "monthly", "5", "", "PO-2"),
        ("yamabuki.example", "office/standard", "P1Y", "monthly", "5", "", "PO-3"),
    )
    assert handed_in(cast.kai, "orders", content).status_code == 403  # type: ignore[attr-defined]
    file = checked(cast.sora, "orders", content)
    assert [state for _line, state in results(file)] == ["ready", "wrong", "wrong"]
    assert Order.objects.count() == 0

    confirmed(browser_of(cast.sora), file)
    again = checked(cast.sora, "orders", content)

    assert results(file)[0] == (2, "done")
    assert results(again)[0] == (2, "unchanged")
    made = Order.objects.get()
    assert (made.reseller_id, made.lines.get().quantity) == (cast.kawase.pk, 5)


def test_a_stopped_file_keeps_what_is_done_and_only_its_owner_confirms(cast: Cast) -> None:
    """C-08. Planted fault: the state of the file is read once a batch; rows after the stop still run."""
    rows = [(f"顧客{place}", "", "", "") for place in range(4)]
    file = checked(cast.kai, "invitations", invitations(*rows))
    kai, hidden = browser_of(cast.kai), reverse("bulk:confirm", args=[file.pk])
    colleague = browser_of(cast.nao)
    assert colleague.post(hidden, {"version": str(file.version)}).status_code == 403
    stale = browser_of(cast.kai, age=dt.timedelta(minutes=20))
    assert stale.post(hidden, {"version": str(file.version)}).status_code == 403
    assert kai.post(hidden, {"version": str(file.version + 1)}).status_code == 412
    kai.post(hidden, {"version": str(file.version)})
    with mock.patch("toiya.bulk.work.BATCH", 1):
        work_on_files()
    shown = kai.get(reverse("bulk:file", args=[file.pk]))
    assert 'value="25"' in shown.content.decode()
    polled = kai.get(reverse("bulk:file", args=[file.pk]), headers={"HX-Request": "true"}).content.decode()
    assert polled.lstrip().startswith('<div id="progress"')

    step, stops = work._step, list[int]()  # noqa: SLF001  (the moment between two rows)

    def then_it_is_stopped(*row: Any) -> bool:
        going = step(*row)
        stops.append(kai.post(reverse("bulk:stop", args=[file.pk])).status_code)
        return going

    with mock.patch.object(work, "_step", then_it_is_stopped):
        work_on_files()
    worked()

    assert stops[0] == 302
    file.refresh_from_db()
    assert file.state == BulkState.STOPPED
    assert [state for _line, state in results(file)] == ["done", "done", "ready", "ready"]
    assert RelationshipInvitation.objects.count() == 2
    assert kai.post(reverse("bulk:stop", args=[file.pk])).status_code == 409


@pytest.mark.requirement("N-25")
def test_users_of_a_customer_get_passwords_that_are_read_once(cast: Cast) -> None:
    """N-25. Planted fault: the rehearsal keeps its accounts; users exist before the file is confirmed."""
    relate(cast.kawase, cast.aoba)
    grant_administration(
        actor_of(cast.kai),
        tenant=cast.aoba,
        grantee=cast.kawase,
        capacity=Capacity.RESELLER,
        roles=[DirectoryRole.USER_ADMINISTRATOR],
        expires_at=real_now() + dt.timedelta(days=30),
        consented_by_id=cast.emi.pk,
        invitation_id=None,
    )
    content = csv_of(
        ("氏名", "ユーザー名", "メール アドレス", "利用国", "部署"),
        ("花子", "hanako", "hanako@mail.example", "jp", "x"),
        ("次郎", "jiro@elsewhere.example", "jiro@mail.example", "", ""),
        ("三郎", "saburo@aoba.example", "hanako@mail.example", "", ""),
        ("四" * 51, "shiro@aoba.example", "shiro@mail.example", "", ""),
        ("太郎", cast.taro.user_name, "new@mail.example", "", ""),
    )
    before = cast.aoba.people.count()
    file = checked(cast.kai, "users", content, customer="aoba.example")
    assert [state for _line, state in results(file)] == ["ready", "wrong", "ready", "wrong", "unchanged"]
    assert cast.aoba.people.count() == before
    kai = browser_of(cast.kai)

    confirmed(kai, file)

    assert [state for _line, state in results(file)] == ["done", "wrong", "failed", "wrong", "unchanged"]
    made = cast.aoba.people.get(user_name="hanako@aoba.example")
    assert made.usage_country == "JP"
    taken = kai.post(reverse("bulk:passwords", args=[file.pk])).content.decode("utf-8-sig")
    name, user_name, password = list(csv.reader(io.StringIO(taken)))[1]
    assert (name, user_name) == ("花子", "hanako@aoba.example")
    assert made.check_password(password)
    assert kai.post(reverse("bulk:passwords", args=[file.pk])).status_code == 409
    again = checked(cast.kai, "users", content, customer="aoba.example")
    assert results(again)[0] == (2, "unchanged")


def test_a_provider_adds_customers_from_a_file(cast: Cast) -> None:
    """C-08, N-12. Planted faults: the domain is compared before it is tidied, so that the same file would add a second
    one; the download asks whose file it is, and no longer for the role; the registration number is not read.
    """
    Country.objects.create(code="IN", currency="INR", sales_region="Japan")
    content = csv_of(
        ("name", "reading", "domain", "country", "admin_name", "admin_user", "admin_email"),
        ("モミジ食品", "もみじしょくひん", "MOMIJI.example", "jp", "花子", "hanako", "hanako@mail.example"),
        ("サクラ印刷", "さくらいんさつ", "gmail.com", "jp", "花子", "hanako", "hanako@mail.example"),
    )
    of_india = csv_of(
        (
            "name",
            "domain",
            "country",
            "admin_name",
            "admin_user",
            "admin_email",
            "admin_phone",
            "registration_number",
        ),
        ("Neem", "neem.example", "in", "N", "n", "n@neem.example", "+91 22 2266 0000", "U72200KA2001"),
        ("Tulsi", "tulsi.example", "in", "T", "t", "t@tulsi.example", "+91 22 2266 0000", ""),
    )
    assert [state for _line, state in results(checked(cast.mei, "customers", of_india))] == ["ready", "wrong"]
    assert handed_in(cast.kai, "customers", content).status_code == 403  # type: ignore[attr-defined]
    file = checked(cast.mei, "customers", content)
    assert [state for _line, state in results(file)] == ["ready", "wrong"]

    confirmed(browser_of(cast.mei), file)
    again = checked(cast.mei, "customers", content)

    assert results(file)[0] == (2, "done")
    assert results(again)[0] == (2, "unchanged")
    path = reverse("bulk:passwords", args=[file.pk])
    roles = RoleAssignment.objects.filter(person=cast.mei)
    roles.exclude(category="agent").delete()
    roles.update(role="helpdesk_agent")
    assert browser_of(cast.mei).post(path).status_code == 403, "who may add customers no longer"
    roles.update(role="admin_agent")
    assert "hanako@momiji.example" in browser_of(cast.mei).post(path).content.decode("utf-8-sig")


@pytest.mark.requirement("N-25")
def test_temporary_passwords_can_be_read_once_and_by_their_owner_only(cast: Cast) -> None:
    """N-25. Planted fault: the secret stays in its row after the download."""
    file = checked(cast.kai, "invitations", invitations(("モミジ食品", "", "", "")))
    secret = "once-only-7"
    file.rows.update(encrypted_secret=encrypt(secret_of("Taro", "taro@aoba.example", secret)))
    BulkFile.objects.filter(pk=file.pk).update(confirmed_at=real_now())
    path = reverse("bulk:passwords", args=[file.pk])

    assert secret not in file.rows.get().encrypted_secret
    assert browser_of(cast.nao).post(path).status_code == 403
    assert browser_of(cast.yui).post(path).status_code == 404
    assert browser_of(cast.kai, age=dt.timedelta(minutes=20)).post(path).status_code == 403
    first = browser_of(cast.kai).post(path)
    assert secret in first.content.decode("utf-8-sig")
    assert first.headers["Cache-Control"] == "no-store"
    assert browser_of(cast.kai).post(path).status_code == 409
    file.rows.update(encrypted_secret=encrypt(secret))
    with time_machine.travel(real_now() + dt.timedelta(hours=25)):
        assert forget_passwords() == 1


@pytest.mark.requirement("N-25", "S-071")
def test_passwords_of_a_customer_s_users_stay_closed_once_the_access_is_gone(cast: Cast) -> None:
    """T-03. Planted fault: the download asks whose file it is, and no longer for the access."""
    relate(cast.kawase, cast.aoba)
    grant = grant_administration(
        actor_of(cast.kai),
        tenant=cast.aoba,
        grantee=cast.kawase,
        capacity=Capacity.RESELLER,
        roles=[DirectoryRole.USER_ADMINISTRATOR],
        expires_at=real_now() + dt.timedelta(days=30),
        consented_by_id=cast.emi.pk,
        invitation_id=None,
    )
    kai = browser_of(cast.kai)
    content = csv_of(("name", "user_name", "contact_email"), ("花子", "hanako", "hanako@mail.example"))
    file = confirmed(kai, checked(cast.kai, "users", content, customer="aoba.example"))
    path = reverse("bulk:passwords", args=[file.pk])
    page = reverse("bulk:file", args=[file.pk])
    assert "Download the passwords once" in kai.get(page).content.decode()

    assert (
        browser_of(cast.emi).post(reverse("organization:remove_access", args=[grant.pk])).status_code == 302
    )
    assert kai.post(path).status_code == 404
    assert "their passwords stay closed" in kai.get(page).content.decode()
    AdministrationGrant.objects.filter(pk=grant.pk).update(removed_at=None)
    access = list(grant.assignments.all())
    grant.assignments.all().delete()
    assert kai.post(path).status_code == 403
    AccessAssignment.objects.bulk_create(access)
    agent = RoleAssignment.objects.filter(person=cast.kai, category="agent")
    agent.update(role="sales_agent")
    assert kai.post(path).status_code == 403
    agent.update(role="admin_agent")
    assert "hanako@aoba.example" in kai.post(path).content.decode("utf-8-sig")


@pytest.mark.proof
def test_ten_thousand_rows_in_one_file(cast: Cast) -> None:
    """C-08: the largest file there is, checked and carried out to its end."""
    rows = [(f"顧客{place}", "", "", "") for place in range(tables.MOST_ROWS)]
    file = checked(cast.kai, "invitations", invitations(*rows))
    assert file.rows.filter(state="ready").count() == tables.MOST_ROWS
    confirmed(browser_of(cast.kai), file)
    assert RelationshipInvitation.objects.count() == tables.MOST_ROWS
