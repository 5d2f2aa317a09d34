"""The hashes, signatures, trees and notes of tools/verify.html against what others have published,
and against `cryptography`: where signatures are strange, both must say the same.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from consent.audit.package_verifier import FOLDER, load_verifier
from tests.factories.evidence_packages import sm2_key_from
from tests.support.sources import ROOT

pytestmark = pytest.mark.browser
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the group of Ed25519
verify = load_verifier()


def read(name: str) -> Any:
    return json.loads((ROOT / "tests/fixtures" / name).read_text())


@pytest.fixture(scope="module")
def page(chromium: Any) -> Iterator[Any]:
    page = chromium.new_page()
    page.goto((FOLDER / "verify.html").as_uri())
    yield page
    page.close()


def test_digests(page: Any) -> None:
    chosen = random.Random(7)
    texts = [chosen.randbytes(n) for n in (*range(140), 1000, 65_537)]
    found = page.evaluate(
        """texts => texts.map(text => {
          const data = fromHex(text), cut = data.length >> 1;
          const parts = [data.subarray(0, cut), data.subarray(cut)];
          const pieces = hash => toHex(parts.reduce((h, p) => h.update(p), hash).digest());
          return [toHex(sha256(data)), pieces(newSha256()), pieces(newSm3()), toHex(sha512(data))];
        })""",
        [t.hex() for t in texts],
    )
    for text, (whole, pieces, sm3, sha512) in zip(texts, found, strict=True):
        assert whole == pieces == hashlib.sha256(text).hexdigest()
        assert sm3 == hashlib.new("sm3", text).hexdigest()
        assert sha512 == hashlib.sha512(text).hexdigest()
    assert page.evaluate("toHex(newSm3().update(utf8.encode('abc')).digest())") == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905 A.1
    )


def test_signatures_as_cryptography_has_them(page: Any) -> None:
    """Points of small order, other encodings of points and of S, cofactors."""
    vectors = [v for group in ("rfc8032", "speccheck", "cctv") for v in read("ed25519.json")[group]]
    for key, message, signature in read("ed25519.json")["rfc8032"]:
        s = int.from_bytes(bytes.fromhex(signature)[32:], "little") + ORDER
        vectors.append([key, message, signature[:64] + s.to_bytes(32, "little").hex()])
        vectors.append([key, message, signature[:-2] + "ff"])
        vectors.append([key, message + "00", signature])
        vectors.append([key, message, signature[:-2]])
        vectors.append(["ff" * 32, message, signature])
    expected = [
        verify.is_signed(bytes.fromhex(k), bytes.fromhex(s), bytes.fromhex(m))
        for k, m, s in vectors
    ]
    found = page.evaluate(
        "vectors => vectors.map(([k, m, s]) => isSigned(fromHex(k), fromHex(s), fromHex(m)))",
        vectors,
    )
    assert [v for v, a, b in zip(vectors, expected, found, strict=True) if a != b] == []
    assert expected[:4] == [True] * 4 and not any(expected[-20:]) and sum(expected) > 30


def test_proofs_of_others(page: Any) -> None:
    proofs = read("tree_proofs.json")
    found = page.evaluate(
        """proofs => proofs.map(([index, size, root, leaf, path]) => {
          const found = rootFromProof(fromHex(leaf), index, size, path.map(n => fromHex(n)));
          return found !== null && toHex(found) === root;
        })""",
        proofs["inclusion"],
    )
    assert found == [p[-1] for p in proofs["inclusion"]] and any(found)
    found = page.evaluate(
        """proofs => proofs.map(([first, second, one, other, path]) =>
          isConsistent(first, fromHex(one), second, fromHex(other), path.map(n => fromHex(n))))""",
        proofs["consistency"],
    )
    assert found == [p[-1] for p in proofs["consistency"]] and any(found)


def test_notes_of_others(page: Any) -> None:
    notes = read("signed_notes.json")
    found = page.evaluate(
        """notes => notes.map(([vkey, note]) => {
          const [name, id, ...coded] = vkey.split("+");
          const raw = fromBase64(coded.join("+")), key = raw.subarray(1);
          if (toHex(keyIdOf(name, raw[0], key)) !== id) return "id";
          const [body, signatures] = splitNote(note);
          const isMine = ([n, s]) => n === name && toHex(s.subarray(0, 4)) === id;
          const mine = signatures.filter(isMine).map(([, s]) => s.subarray(4));
          return mine.length > 0 && mine.every(s => raw[0] === 4
            ? isCosigned(key, s, body) : isSigned(key, s, utf8.encode(body)));
        })""",
        [*notes["good"], *notes["unsigned"]],
    )
    assert found == [True] * len(notes["good"]) + [False] * len(notes["unsigned"])
    refused = page.evaluate(
        "notes => notes.map(n => { try { splitNote(n); return false; } catch { return true; } })",
        notes["malformed"],
    )
    assert refused == [True] * len(notes["malformed"])


def test_json_is_written_as_the_log_writes_it(page: Any) -> None:
    values = ["", "“x”\n\t\"\\/\x00\x1f\x7f\u2028\U0001f3e5", 0, -5, 2**53 - 1, None, True, [], {},
              {"b": [1, {"z": None, "a": "é"}], "a": "", "A": 1}]  # fmt: skip
    found = page.evaluate("texts => texts.map(t => canonical(parseStrictJson(t)))",
                          [json.dumps(v) for v in values])  # fmt: skip
    assert found == [verify.encode_canonical_json(v).decode() for v in values]
    bad = ['{"a":1,"a":2}', "1.0", "1e3", "NaN", '"\\ud800"', "9007199254740993", "{'a':1}"]
    refused = page.evaluate(
        """texts => texts.map(t => {
          try { canonical(parseStrictJson(t)); return false; } catch { return true; }
        })""",
        bad,
    )
    assert refused == [True] * len(bad)


def test_sm2_as_the_other_has_it(page: Any) -> None:
    """The standard's example, and what OpenSSL signs, altered in each part."""
    vectors = [[v["key"], v["message"], v["der"]] for v in read("sm2.json")["signatures"]]
    for n in range(3):
        key, message = sm2_key_from(f"page {n}"), bytes([n]) * 60 * n
        vectors.append([key.public.hex(), message.hex(), key.sign(message).hex()])
    for key, message, signature in vectors[:]:
        vectors += [
            [key, message + "00", signature],
            [key, message, signature + "00"],
            [key, message, signature[:-2]],
            [key, message, "3006020101020100"],
            [key, message, f"{signature[:40]}{'01'[signature[40] == '0']}{signature[41:]}"],
            ["04" + key[66:] + key[2:66], message, signature],
            [key[2:], message, signature],
            ["04" + "ff" * 64, message, signature],
        ]
    expected = [verify.is_sm2_signed(*(bytes.fromhex(x) for x in (k, s, m))) for k, m, s in vectors]
    found = page.evaluate(
        "vectors => vectors.map(([k, m, s]) => isSm2Signed(fromHex(k), fromHex(s), fromHex(m)))",
        vectors,
    )
    assert found == expected and expected[:4] == [True] * 4 and sum(expected) == 4
