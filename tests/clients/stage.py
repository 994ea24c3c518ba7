"""The network in which a program with fixed addresses runs: a proxy that leads the original's names to a server here.

The names get certificates of an authority that the program is told to trust, as docs/clients.md says.
"""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from toiya.core.clock import real_now

OWN_NAME = "partners.example"
NAMES = ("login.microsoftonline.com", "api.partnercenter.microsoft.com", OWN_NAME)
PIECE = 65_536


@dataclass(frozen=True)
class Stage:
    """What the program's environment says."""

    proxy: str
    authority: Path

    @property
    def environment(self) -> dict[str, str]:
        """Where the network is and whom to trust."""
        return {
            "HTTPS_PROXY": self.proxy,
            "https_proxy": self.proxy,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": str(self.authority),
            "SSL_CERT_FILE": str(self.authority),
        }


@contextmanager
def staged(folder: Path, port: int) -> Iterator[Stage]:
    """The names lead to the server on this port of loopback, until the block ends."""
    context = _context(folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        is_over = threading.Event()
        open_ones: list[threading.Thread] = []

        def accept() -> None:
            while not is_over.is_set():
                try:
                    connection, _address = listener.accept()
                except TimeoutError:
                    continue
                one = threading.Thread(target=_serve, args=(connection, context, port))
                one.start()
                open_ones.append(one)

        gate = threading.Thread(target=accept)
        gate.start()
        try:
            yield Stage(f"http://127.0.0.1:{listener.getsockname()[1]}", folder / "authority.pem")
        finally:
            is_over.set()
            gate.join()
            for one in open_ones:
                one.join(5)


def _serve(connection: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """One connection: ``CONNECT name:443``, then TLS in the name's own name, then plain to the server."""
    with connection:
        connection.settimeout(20)
        asked = b""
        while b"\r\n\r\n" not in asked:
            piece = connection.recv(PIECE)
            if not piece:
                return
            asked += piece
        name = asked.split(b" ")[1].rpartition(b":")[0].decode()
        if name not in NAMES:
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            with context.wrap_socket(connection, server_side=True) as inside:
                _relay(inside, port)
        except (OSError, ssl.SSLError):
            return  # the program has gone


def _relay(inside: ssl.SSLSocket, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as server:

        def back() -> None:
            try:
                while piece := server.recv(PIECE):
                    inside.sendall(piece)
                inside.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

        returning = threading.Thread(target=back)
        returning.start()
        try:
            while piece := inside.recv(PIECE):
                server.sendall(piece)
        except OSError:
            pass
        server.shutdown(socket.SHUT_WR)
        returning.join(5)


def _context(folder: Path) -> ssl.SSLContext:
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("Authority of the stage", authority_key, None, authority_key)
    own = _certificate(NAMES[0], key, authority, authority_key)
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    (folder / "names.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + own.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "names.pem")
    return context


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate | None,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = real_now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
    )
    if authority:
        made = made.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(one) for one in NAMES]), critical=False
        )
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return made.sign(authority_key, hashes.SHA256())
