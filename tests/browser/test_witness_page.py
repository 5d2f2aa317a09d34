"""The page of a browser that witnesses the log, in a real Chromium: it pins the log's key, checks
signature and proof itself, co-signs once it was accepted, and raises the alarm in plain words with
its evidence. What a platform that lies would answer is put between page and server.
"""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alliance.models import Hospital
from alliance.roles import Role
from consent.audit.browser_witnesses import list_browser_witnesses
from consent.audit.checkpoint import ED25519, build_checkpoint_body, compute_key_id, sign_checkpoint
from consent.audit.signing_keys import fingerprint_of_key, own_public_key_bytes, raw_key_bytes
from consent.services.browser_witnesses import do_accept_witness
from records.agent.checkpoint import Head, cosign
from tests.browser.follow import follow
from tests.factories import alliance
from tests.support.browser_witness import ensure_head, kept_cosignatures, taken_back

pytestmark = pytest.mark.browser
ROOT = b"\x07" * 32
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
SAYS = "#verdict[data-says={name}]"


def sign_with(key: Ed25519PrivateKey, origin: str, size: int, root: bytes) -> str:
    body = build_checkpoint_body(origin, size, root)
    signed = compute_key_id(origin, ED25519, raw_key_bytes(key.public_key()))
    signed += key.sign(body.encode())
    return f"{body}\n— {origin} {base64.b64encode(signed).decode()}\n"


def other_witness(head: Head, seen: Head, key: Ed25519PrivateKey) -> dict[str, Any]:
    """What the platform would say that another hospital has co-signed."""
    signed = cosign(seen, OTHER_KEY, "far-browser-1", 1_800_000_000)
    return {
        "name": "far-browser-1",
        "hospital": "Far",
        "system": "desk",
        "browser": True,
        "key": raw_key_bytes(key.public_key()).hex(),
        "size": seen.size,
        "root": seen.root.hex(),
        "at": 1_800_000_000,
        "line": signed,
        "consistency": [],
    }


LIES: dict[str, Callable[[dict[str, Any], Head], None]] = {
    "key": lambda a, h: a.update(
        checkpoint=sign_with(OTHER_KEY, h.origin, h.size, h.root),
        public_key=raw_key_bytes(OTHER_KEY.public_key()).hex(),
    ),
    "smaller": lambda a, h: a.update(
        checkpoint=sign_checkpoint(h.origin, 1, ROOT), contradicts=True, consistency=[]
    ),
    "fork": lambda a, h: a.update(
        checkpoint=sign_checkpoint(h.origin, h.size + 1, ROOT),
        contradicts=True,
        consistency=[ROOT.hex()],
    ),
    "proof": lambda a, h: a.update(
        checkpoint=sign_checkpoint(h.origin, h.size + 1, ROOT), consistency=[ROOT.hex()]
    ),
    "split": lambda a, h: a["witnesses"].append(
        other_witness(h, Head(h.size, ROOT, h.origin), OTHER_KEY)
    ),
    "forged": lambda a, h: a["witnesses"].append(
        other_witness(h, h, Ed25519PrivateKey.from_private_bytes(b"\x06" * 32))
    ),
}


def open_page(page: Any, server: str, says: str) -> None:
    page.goto(f"{server}/audit/witness/")
    page.wait_for_selector(SAYS.format(name=says))


def head_of(answer: dict[str, Any]) -> Head:
    origin, size, _ = answer["checkpoint"].split("\n")[:3]
    return Head(int(size), base64.b64decode(answer["checkpoint"].split("\n")[2]), origin)


def lie(page: Any, change: Callable[[dict[str, Any], Head], None]) -> None:
    """From now on the platform's answers are changed on their way; nothing reaches it as evidence
    but the first question.
    """

    from playwright.sync_api import Error

    def handle(route: Any) -> None:
        question = json.loads(route.request.post_data)
        if question.get("cosignature"):
            route.abort()
            return
        with suppress(Error):  # the page asks now and then; it may have gone meanwhile
            reply = route.fetch()
            answer = reply.json()
            change(answer, head_of(answer))
            route.fulfill(response=reply, body=json.dumps(answer))

    page.route("**/audit/witness/head/", handle)


def accept_browser(at: Hospital) -> str:
    (found,) = list_browser_witnesses([at.pk])
    administrator = alliance.get_staff_principal(alliance.make_staff(at, Role.ADMINISTRATOR))
    do_accept_witness(at, witness=found, acting=administrator)
    return found.code


def test_it_is_offered_accepted_cosigns_and_raises_each_alarm(
    enter: Callable[..., Any], server: str, world: None, tmp_path: Path
) -> None:
    ensure_head()
    at = alliance.make_hospital("eye")
    with taken_back(at):
        page = enter(alliance.make_staff(at, Role.AUDITOR), language="en")
        open_page(page, server, "began")
        mark = f"SHA256:{fingerprint_of_key(own_public_key_bytes())}"
        assert page.inner_text("#log-key") == mark and "not compared" in page.inner_text(
            "#log-sure"
        )
        page.click("#sure")
        page.wait_for_selector("#sure", state="hidden")
        page.fill("#offer [name=name]", "the auditor's desk")
        follow(page, "#offer button.main")
        page.wait_for_selector(SAYS.format(name="well"))
        assert kept_cosignatures(at) == [], "nobody has accepted it yet"
        code = accept_browser(at)
        open_page(page, server, "well")
        ((name, size, contradicts),) = kept_cosignatures(at)
        assert (name, contradicts) == (code, False) and size > 0
        assert "co-signed" in page.inner_text("#verdict")
        assert page.inner_text("#own-state") == "accepted"
        with page.expect_download() as saved:
            page.click("#save")
        kept = tmp_path / "kept.json"
        saved.value.save_as(kept)
        page.set_input_files("#file", kept)
        page.wait_for_selector(SAYS.format(name="file_well"))
        assert page.errors == []
        for fault, change in LIES.items():
            lie(page, change)
            page.click("#look")
            page.wait_for_selector(SAYS.format(name=fault))
            assert "Alarm" in page.inner_text("#verdict"), fault
            with page.expect_download() as saved:
                page.click("#evidence")
            saved.value.save_as(tmp_path / "alarm.json")
            evidence = json.loads((tmp_path / "alarm.json").read_text())
            assert evidence["fault"] == fault and evidence["seen"]["checkpoint"]
            page.unroute("**/audit/witness/head/")
            open_page(page, server, fault)  # it stays until somebody accepts
            end_alarm(page, fault)
        page.set_input_files("#file", {"name": "x.txt", "mimeType": "text/plain", "buffer": b"x"})
        page.wait_for_selector(SAYS.format(name="bad_file"))


def end_alarm(page: Any, fault: str) -> None:
    """As somebody would who had it explained; then the state of before is put back, so that the
    next lie meets a browser that has seen the true log.
    """
    page.evaluate(
        """async () => {
          memory.alarm = null; memory.pins.delete("far-browser-1"); await store(); draw();
          await lookAndSay(); }"""
    )
    page.wait_for_selector(SAYS.format(name="well"))


def test_another_key_is_accepted_only_with_its_fingerprint(
    enter: Callable[..., Any], server: str, world: None
) -> None:
    ensure_head()
    at = alliance.make_hospital("eye")
    page = enter(alliance.make_staff(at, Role.AUDITOR), width=390, language="zh-CN")
    open_page(page, server, "began")
    lie(page, LIES["key"])
    page.click("#look")
    page.wait_for_selector(SAYS.format(name="key"))
    page.click("#accepting summary")
    page.fill("#print", "SHA256:" + "ab" * 32)
    page.click("#accept")
    assert page.inner_text("#log-key").endswith(fingerprint_of_key(own_public_key_bytes()))
    other = f"SHA256:{fingerprint_of_key(raw_key_bytes(OTHER_KEY.public_key()))}"
    page.fill("#print", other)
    page.click("#accept")
    page.wait_for_function(
        "mark => document.getElementById('log-key').textContent === mark", arg=other
    )


def test_its_own_signatures_are_those_of_the_standard(
    enter: Callable[..., Any], server: str, world: None
) -> None:
    """RFC 8032 7.1, and fixed seeds, by the page's own code and by the browser's."""
    at = alliance.make_hospital("eye")
    page = enter(alliance.make_staff(at, Role.AUDITOR))
    page.goto(f"{server}/audit/witness/")
    page.wait_for_selector("#own-key:not(:text-is('-'))")
    seeds = ["9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"]
    seeds += [bytes([n] * 32).hex() for n in range(1, 5)]
    messages = [b"", b"a", b"cosignature/v1\n", b"x" * 300, "日志".encode()]
    found = page.evaluate(
        """async pairs => Promise.all(pairs.map(async ([seed, message]) => {
          const own = {pair: null, seed: fromHex(seed)}, data = fromHex(message);
          return [toHex(publicKeyOf(own.seed)), toHex(await signAsWitness(own, data))]; }))""",
        [[s, m.hex()] for s, m in zip(seeds, messages, strict=True)],
    )
    for seed, message, (key, signature) in zip(seeds, messages, found, strict=True):
        known = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        assert key == raw_key_bytes(known.public_key()).hex()
        assert signature == known.sign(message).hex()
    assert found[0][1].startswith(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    )
    by_browser = page.evaluate(
        """async () => { const own = await makeWitnessKey(), data = utf8.encode("m");
          const signed = await signAsWitness(own, data);
          return [own.pair !== null, isSigned(fromHex(own.key), signed, data),
            own.pair === null || !own.pair.privateKey.extractable]; }"""
    )
    assert by_browser[1:] == [True, True]
