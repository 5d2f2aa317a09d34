"""What stands between an agent and the platform: a forward proxy with a password, and a certificate
of a hospital's own authority.
"""

import base64
import datetime as dt
import select
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


class ProxyHandler(BaseHTTPRequestHandler):
    """CONNECT alone, with user and password."""

    expected = ""
    tunnels: list[str] = []

    def do_CONNECT(self) -> None:
        if self.headers.get("Proxy-Authorization", "") != self.expected:
            self.send_error(407)
            return
        host, _, port = self.path.rpartition(":")
        self.tunnels.append(self.path)
        with socket.create_connection((host, int(port))) as far:
            self.send_response_only(200)
            self.end_headers()
            near = self.connection
            while True:
                for line in select.select([near, far], [], [], 10)[0] or [None]:
                    data = line.recv(65536) if line else b""
                    if not data:
                        self.close_connection = True
                        return
                    (far if line is near else near).sendall(data)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serve_proxy(user: str, password: str):
    """(host:port, list of what was tunnelled to)."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    tunnels: list[str] = []
    handler = type("Proxy", (ProxyHandler,), {"expected": f"Basic {pair}", "tunnels": tunnels})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", tunnels
    finally:
        server.shutdown()
        server.server_close()


def make_authority(folder: Path, host: str = "localhost") -> tuple[Path, Path]:
    """(file of the authority's certificate, file of the server's key and certificate)."""
    now = dt.datetime.now(dt.UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])

    def build(subject: x509.Name, public: Any, is_ca: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        if not is_ca:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(ca_key, hashes.SHA256())

    authority = build(ca_name, ca_key.public_key(), True)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    leaf = build(subject, key.public_key(), False)
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(authority.public_bytes(Encoding.PEM))
    server_file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + leaf.public_bytes(Encoding.PEM)
    )
    return ca_file, server_file
