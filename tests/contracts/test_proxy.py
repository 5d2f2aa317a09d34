"""The nginx configuration that is shipped is one that nginx takes, and says the same numbers as
the site.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs/how-to/nginx.conf"


def test_it_agrees_with_the_site() -> None:
    text = FILE.read_text()
    assert (
        f"client_max_body_size {settings.FHIR_MAX_BODY >> 20}m;" in text
        and f"client_max_body_size {settings.FHIR_MAX_IMPORT >> 30}g;" in text
    )
    assert re.search(r"X-Forwarded-For \$remote_addr;", text), (
        "a client must not name its own address"
    )
    for needed in (
        "client_header_timeout",
        "client_body_timeout",
        "send_timeout",
        "limit_conn ",
        "proxy_request_buffering on",
    ):
        assert needed in text


def test_nginx_takes_it(tmp_path: Path) -> None:
    nginx = shutil.which("nginx") or shutil.which(
        "nginx", path="/usr/sbin:/usr/local/sbin:/usr/local/nginx/sbin"
    )
    if not nginx or not shutil.which("openssl"):
        pytest.skip("nginx or openssl is not installed here")
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=x",
        "-keyout",
        str(tmp_path / "xinglin.key"),
        "-out",
        str(tmp_path / "xinglin.crt"),
    ]
    subprocess.run(made, check=True, capture_output=True)
    (tmp_path / "site.conf").write_text(FILE.read_text().replace("/etc/nginx/", f"{tmp_path}/"))
    temporary = " ".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = tmp_path / "nginx.conf"

    def taken() -> bool:
        return (
            subprocess.run(
                [nginx, "-t", "-p", str(tmp_path), "-c", str(whole)],
                capture_output=True,
                text=True,
                check=False,
            ).returncode
            == 0
        )

    frame = (
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}} http {{ access_log off;"
        f" {temporary} %s include {tmp_path}/site.conf; }}"
    )
    whole.write_text(frame % "")
    assert taken()
    whole.write_text(frame % "no_such_directive on;")
    assert not taken(), "the control"
