"""Whose key signs: the operator's from files, or one that Toiya makes once; former certificates stay."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_curve_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from tests.cast import Cast, browser_of, build_cast
from tests.jobs.test_commands import run
from tests.webhooks.receiver import Receiver, documented
from tests.webhooks.story import download, fresh, happen, listen, work
from toiya.core.clock import real_now
from toiya.webhooks.keys import signing_key
from toiya.webhooks.models import SigningCertificate

TOIYA = "http://localhost:8000"


def pair(folder: Path, name: str, *, bits: int = 2048, encoding: Encoding = Encoding.PEM) -> tuple[str, str]:
    """A key and its certificate, as an operator has them."""
    key = generate_private_key(65537, bits)
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tsubame Cloud")])
    now = real_now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, SHA256())
    )
    files = folder / f"{name}.key", folder / f"{name}.cer"
    files[0].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files[1].write_bytes(certificate.public_bytes(encoding))
    return str(files[0]), str(files[1])


def use(settings: LazySettings, files: tuple[str, str]) -> None:
    settings.WEBHOOK_KEY_FILE, settings.WEBHOOK_CERTIFICATE_FILE = files


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_the_operators_key_signs_and_may_be_exchanged(
    cast: Cast,
    receiver: Receiver,
    settings: LazySettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    encoding: Encoding,
) -> None:
    """What was signed before the exchange can still be checked. Planted fault: the former certificate is gone."""
    code = documented()
    monkeypatch.setattr(code, "download", download)
    listen(cast.mei, receiver)
    for name in ("first", "second"):
        use(settings, pair(tmp_path, name, encoding=encoding))
        happen(cast.mei)
        work()
    thumbprints = [
        one.headers["x-ms-certificate-url"].rsplit("/", 1)[1].removesuffix(".cer") for one in receiver.posted
    ]

    assert len(set(thumbprints)) == 2
    assert signing_key().thumbprint == thumbprints[1]
    assert thumbprints[1] in browser_of(cast.mei).get(reverse("webhooks:settings")).content.decode()
    for one in receiver.posted:
        code.check_certificate(one.headers, one.body, toiya=TOIYA, thumbprints=set(thumbprints))
        certificate = x509.load_der_x509_certificate(download(one.headers["x-ms-certificate-url"]))
        assert "O=Tsubame Cloud" in certificate.issuer.rfc4514_string()


def test_files_that_do_not_fit_stop_the_sending_with_the_reason(
    cast: Cast, receiver: Receiver, settings: LazySettings, tmp_path: Path
) -> None:
    """Events wait untouched; pages still answer."""
    listen(cast.mei, receiver)
    happen(cast.mei)
    one, other = pair(tmp_path, "one"), pair(tmp_path, "other")
    curve = tmp_path / "curve.key"
    curve.write_bytes(
        generate_curve_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    for files, reason in (
        ((one[0], other[1]), "the certificate belongs to another key"),
        ((str(tmp_path / "none.key"), one[1]), "No such file"),
        (pair(tmp_path, "short", bits=1024), "at least 2048 bits"),
        ((str(curve), one[1]), "not an RSA key"),
    ):
        use(settings, files)
        with pytest.raises(ImproperlyConfigured, match=reason):
            work()
        assert browser_of(cast.mei).get(reverse("webhooks:settings")).status_code == 200
    assert receiver.posted == []
    use(settings, one)
    work()
    assert len(receiver.posted) == 1


def test_a_key_of_another_secret_key_is_not_replaced_unasked(
    cast: Cast, receiver: Receiver, settings: LazySettings
) -> None:
    """A worker that was started with the wrong environment must not take from all receivers what they trust."""
    listen(cast.mei, receiver)
    event = happen(cast.mei)
    settings.SECRET_KEY = "another key that is long enough to be one of an installation"
    with pytest.raises(ImproperlyConfigured, match="toiya webhooks renew"):
        work()
    assert fresh(event).attempts == 0
    run("webhooks", "renew")
    work()
    assert len(receiver.posted) == 1


def test_the_command_line_prints_the_certificate_and_renews_our_own(
    cast: Cast, receiver: Receiver, settings: LazySettings, tmp_path: Path
) -> None:
    listen(cast.mei, receiver)
    (before,) = SigningCertificate.objects.values_list("pk", flat=True)  # there before the first event
    assert run("webhooks", "certificate") == (f"{before}\n{TOIYA}/certificates/{before}.cer\n", 0)
    said, _code = run("webhooks", "renew")
    assert before not in said
    assert Client().get(f"/certificates/{before}.cer").status_code == 200
    assert list(SigningCertificate.objects.exclude(encrypted_key="").values_list("pk", flat=True)) == [
        said.split("\n")[0]
    ]
    use(settings, pair(tmp_path, "own"))
    with pytest.raises(CommandError, match="TOIYA_WEBHOOK_KEY_FILE"):
        call_command("webhooks", "renew")


def test_a_receiver_downloads_the_certificate_over_the_line(
    transactional_db: None, receiver: Receiver, settings: LazySettings, live_server: LiveServer
) -> None:
    """The documented receiver, not a line of it changed."""
    cast = build_cast()
    settings.ORIGIN = live_server.url
    listen(cast.mei, receiver)
    happen(cast.mei)
    work()
    (posted,) = receiver.posted

    thumbprints = set(SigningCertificate.objects.values_list("pk", flat=True))
    documented().check_certificate(
        posted.headers, posted.body, toiya=live_server.url, thumbprints=thumbprints
    )
