"""Turn a one-time code into an enrolment of this machine, and replace its key (docs/sync.md,
Enrol). A request whose answer was lost is asked once more with the same key: the platform gives the
same answer.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .client_assertion import load_key, public_jwk, sign_assertion, thumbprint
from .key_files import (
    KEY,
    NEXT_KEY,
    PLATFORM_KEYS,
    WITNESS_KEY,
    ensure_token_key,
    ensure_witness_key,
    write_private,
)
from .platform_away import PlatformAway, Trouble
from .platform_client import PlatformClient, Reply
from .settings_file import write_settings

JSON = {"Content-Type": "application/json"}
CODE_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


class EnrolmentFault(Exception):
    """words: (zh, en), what the platform or this machine says and how to mend it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = {"zh": zh, "en": en}


@dataclass(frozen=True)
class Enrolment:
    """What the platform told this machine when it took the code."""

    client_id: str
    hospital: str
    hospital_name: str
    token_url: str
    sandbox: bool
    vouched: bool
    pinned: tuple[str, ...]  # fingerprints of the keys of the platform's log


def enrol(client: PlatformClient, home: Path, code: str, name: str) -> Enrolment:
    """Make the keys, send the code, write agent.ini. client: of the platform's address, without
    credentials. Raises EnrolmentFault, PlatformAway.
    """
    make_home(home)
    key = ensure_token_key(home / KEY)
    form = {
        "code": code,
        "name": name,
        "jwk": public_jwk(key),
        "witness_key": ensure_witness_key(home / WITNESS_KEY),
    }
    reply = client.send_without_token(
        "POST", "/sync/enrol", json.dumps(form, ensure_ascii=False).encode(), JSON
    )
    if reply.status not in (200, 201):
        raise read_fault(reply)
    told = reply.json()
    made, pems = read_enrolment(told)
    write_private(home / PLATFORM_KEYS, "".join(pems).encode())
    write_settings(home, "platform", describe_platform(client, made))
    write_settings(home, "witness", {"key": WITNESS_KEY})
    return made


def make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EnrolmentFault(
            f"建不了目录 {home}：{error.strerror}。请换一个目录（--home），或用管理员身份运行。",
            f"The folder {home} cannot be made: {error.strerror}. Choose another one (--home), or"
            " run this as administrator.",
        ) from error


def describe_platform(client: PlatformClient, made: Enrolment) -> dict[str, str]:
    """Lines of [platform]."""
    line = client.line
    own_token_url = f"{line.base.geturl()}/oauth/token"
    return {
        "url": line.base.geturl(),
        "hospital": made.hospital,
        "client_id": made.client_id,
        "key": KEY,
        "platform_keys": PLATFORM_KEYS,
        **({"ca_file": str(line.ca_file)} if line.ca_file else {}),
        **({"proxy": line.proxy.geturl()} if line.proxy else {}),
        **({"token_url": made.token_url} if made.token_url != own_token_url else {}),
    }


def read_fault(reply: Reply) -> Exception:
    """What the platform says in both languages; where something else answered, PlatformAway."""
    try:
        said = json.loads(reply.body)
        return EnrolmentFault(str(said["zh"]), str(said["en"]))
    except (ValueError, KeyError, TypeError):
        pass
    if reply.status in (404, 405):
        return EnrolmentFault(
            f"这个网址上没有接入服务（{reply.status}）。请核对 --url：只写到主机名，"
            "例如 https://platform.example.cn。",
            f"Nothing enrols at this address ({reply.status}). Check --url: the host alone, such as"
            " https://platform.example.cn.",
        )
    return PlatformAway(Trouble.PLATFORM, f"{reply.status} /sync/enrol", reply.retry_after)


def read_enrolment(told: Any) -> tuple[Enrolment, list[str]]:
    """(what it says, PEM blocks of the platform's keys). Raises EnrolmentFault where it is not
    what docs/sync.md says: another server answered.
    """
    try:
        pems = [str(key["pem"]).strip() + "\n" for key in told["keys"]]
        marks = tuple(fingerprint_of_pem(pem) for pem in pems)
        made = Enrolment(
            client_id=str(told["client_id"]),
            hospital=str(told["hospital"]),
            hospital_name=str(told["hospital_name"]),
            token_url=str(told["token_url"]),
            sandbox=bool(told["sandbox"]),
            vouched=bool(told.get("vouched", True)),
            pinned=marks,
        )
        fits = marks == tuple(str(key["fingerprint"]) for key in told["keys"])
        if fits and pems and CODE_NAME.fullmatch(made.hospital):
            return made, pems
    except (KeyError, TypeError, ValueError):
        pass
    raise EnrolmentFault(
        "对方的回答不是平台的格式，没有接入。请核对网址；中间有代理或安全设备的，请让管理员放行。",
        "What answered is no platform: nothing was enrolled. Check the address, and whether a proxy"
        " or a filter stands between.",
    )


def fingerprint_of_pem(pem: str) -> str:
    """SHA256:hex of the DER form; of Ed25519 alone. Raises ValueError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not Ed25519")
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"SHA256:{hashlib.sha256(der).hexdigest()}"


def replace_key(client: PlatformClient, home: Path, key_file: str) -> str:
    """When the key before ends, as the platform says it. Raises EnrolmentFault, PlatformAway."""
    beside = home / NEXT_KEY
    left_over = beside.exists()
    key = ensure_token_key(beside)
    try:
        reply = send_key(client, load_key(home / key_file), key)
    except PlatformAway as away:
        if not (left_over and away.trouble is Trouble.CREDENTIALS):
            raise
        reply = send_with_next_key(client, beside, key)  # it was taken, and the answer was lost
    if reply.status != 200:
        if reply.status == 409:
            os.unlink(str(beside))  # it will never be taken
        raise read_fault(reply)
    end = str(reply.json()["others_end"])
    os.replace(str(beside), str(home / key_file))
    client.forget_token()
    return end


def send_key(client: PlatformClient, signer: Any, key: Any) -> Reply:
    """signer: the key that counts, which signs for the one that shall. The platform's time is known
    once there is a token.
    """
    client.send("GET", f"{client.sync_path}/batches/none")
    proof = sign_assertion(
        signer,
        client.client_id,
        client.public_url + f"{client.sync_path}/key",
        client.clock.now(),
        cnf={"jkt": thumbprint(key)},
    )
    body = json.dumps({"jwk": public_jwk(key), "proof": proof}).encode()
    return client.send("POST", f"{client.sync_path}/key", body, JSON)


def send_with_next_key(client: PlatformClient, beside: Path, key: Any) -> Reply:
    from dataclasses import replace

    other = PlatformClient(
        client.line, replace(client.credentials, key=beside, secret=""), client.hospital
    )
    other.clock.offset = client.clock.offset
    try:
        return send_key(other, key, key)
    finally:
        other.close()
