"""A one-time code makes one system with a key of its own, and nothing else does; another key takes
the place of the first (docs/sync.md, Enrol).
"""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from joserfc.jwk import ECKey, RSAKey

from alliance.auth import throttle
from alliance.auth.guess_limits import ENROLMENT_LIMIT
from alliance.models import Client, EnrolmentCode, GuessCount, Hospital
from alliance.roles import Role
from alliance.services.clients import do_revoke_client
from alliance.services.enrolment import (
    CODE_LIFETIME,
    MOST_KEYS,
    do_make_enrolment_code,
    do_withdraw_enrolment_code,
)
from alliance.services.enrolment_code import make_code
from alliance.services.membership import do_suspend_hospital
from consent.audit.signing_keys import fingerprint_of_key, own_public_key_bytes
from tests.factories import alliance
from tests.factories.fhir import Api, Reply, make_patient
from tests.support.enrolling import Machine, enrolled, operator_code, seconds_from_now

WEAK = RSAKey.generate_key(2048)


def last_line(code: str) -> tuple[str, ...]:
    """(outcome, reason, actor, its hospital, target, detail) of the newest line."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT outcome, reason, actor, actor_hospital, target, detail FROM consent_audit_event"
            " WHERE code = %s ORDER BY id DESC LIMIT 1",
            [code],
        )
        return tuple(cursor.fetchone() or ())


def age_code(text: str, age: dt.timedelta) -> None:
    """As if it had been made so long ago."""
    code = EnrolmentCode.objects.latest("pk")
    EnrolmentCode.objects.filter(pk=code.pk).update(
        made_at=code.made_at - age, expires_at=code.expires_at - age
    )


def test_a_code_makes_a_system_that_writes_with_the_key_of_its_machine(server: str) -> None:
    at, machine = alliance.make_hospital("enrol"), Machine(server)
    reply = machine.enrol(operator_code(at))
    assert reply.status == 201, reply.body
    told = machine.told
    assert (told["hospital"], told["sandbox"], told["vouched"]) == (at.code, False, True)
    assert told["token_url"] == f"{server}/oauth/token"
    assert told["sync_url"] == f"{server}/sync/{at.code}/"
    assert told["keys"][0]["fingerprint"] == f"SHA256:{fingerprint_of_key(own_public_key_bytes())}"
    assert "BEGIN PUBLIC KEY" in told["keys"][0]["pem"]
    client = machine.client
    assert client.hospital == at and client.name == machine.name and not client.secret_hash
    assert bytes(client.witness_key or b"") == machine.witness
    assert set(client.jwks["keys"][0]) == {"kty", "crv", "x", "y"}
    assert machine.api()("POST", "Patient", make_patient()).status == 201
    outcome, _, actor, hospital, target, detail = last_line("alliance:client:enrol")
    assert (outcome, actor, hospital) == ("success", client.client_id, at.code)
    assert target == f"client/{client.client_id}" and detail.startswith("enrolment/")


@pytest.mark.parametrize(
    "typed",
    [
        str.lower,
        lambda c: c.replace("-", ""),
        lambda c: c.replace("-", " ") + "\n",
        lambda c: c.replace("0", "O").replace("1", "l"),
        lambda c: c.replace("-", "－").translate({n: n + 0xFEE0 for n in range(0x30, 0x5B)}),
    ],
    ids=["small", "without hyphens", "blanks", "misread", "full width"],
)
def test_a_code_is_read_as_people_type_it(server: str, typed: Any) -> None:
    at = alliance.make_hospital("typed")
    assert Machine(server).enrol(typed(operator_code(at))).status == 201


def refused(reply: Reply, status: int, error: str) -> dict[str, Any]:
    assert (reply.status, reply.json["error"]) == (status, error), reply.body
    assert reply.json["zh"] and reply.json["en"] and "{" not in reply.json["zh"]
    return dict(reply.json)


def test_what_is_no_code_is_told_apart(server: str) -> None:
    at = alliance.make_hospital("faults")
    code, before = operator_code(at), Client.objects.count()
    wrong = code[:7] + ("A" if code[7] != "A" else "B") + code[8:]
    assert refused(Machine(server).enrol(wrong), 400, "mistyped-group")["group"] == 2
    assert refused(Machine(server).enrol(code[:-1]), 400, "mistyped-code")["length"] == 23
    swapped = code[1] + code[0] + code[2:]
    if swapped != code:
        assert Machine(server).enrol(swapped).status == 400
    refused(Machine(server).enrol(make_code()), 400, "unknown-code")
    outcome, reason, *_ = last_line("alliance:client:enrol")
    assert (outcome, reason) == ("refused", "unknown-code")
    assert Client.objects.count() == before
    assert Machine(server).enrol(code).status == 201, "the control: nothing of it used the code up"
    refused(Machine(server).enrol(code), 409, "used-code")
    expired = operator_code(at)
    age_code(expired, CODE_LIFETIME)
    refused(Machine(server).enrol(expired), 410, "expired-code")


def test_a_request_that_is_not_what_it_should_be_uses_no_code_up(server: str) -> None:
    at = alliance.make_hospital("odd")
    code = operator_code(at)
    key = ECKey.generate_key("P-384")
    for error, other in (
        ("weak-key", {"jwk": WEAK.as_dict(private=False)}),
        ("key", {"jwk": key.as_dict(private=True)}),
        ("key", {"jwk": ECKey.generate_key("P-256").as_dict(private=False)}),
        ("key", {"jwk": None}),
        ("key", {"jwk": "x"}),
        ("witness-key", {"witness_key": "00" * 32}),
        ("witness-key", {"witness_key": "ab" * 31}),
        ("witness-key", {"witness_key": 5}),
        ("name", {"name": "x" * 101}),
        ("name", {"name": "a\nb"}),
        ("malformed", {"name": ""}),
        ("malformed", {"name": None}),
    ):
        reply = Machine(server).enrol(code, **other)
        assert (reply.status, reply.json["error"]) == (400, error), (other, reply.body)
    for body in (b"", b"[]", b"x" * 20_000, b"[" * 9000):
        reply = Api(server, "").raw("POST", "/sync/enrol", body)
        assert (reply.status, reply.json["error"]) == (400, "malformed")
    assert Api(server, "").raw("GET", "/sync/enrol").status == 405
    strong = RSAKey.generate_key(3072).as_dict(private=False)
    assert Machine(server).enrol(code, jwk=strong, witness_key=None).status == 201, "the control"


def test_of_ten_at_once_one_gets_it(server: str) -> None:
    at = alliance.make_hospital("race")
    code, machines = operator_code(at), [Machine(server) for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        found = sorted(r.status for r in pool.map(lambda m: m.enrol(code), machines))
    assert found == [201] + [409] * 9
    assert Client.objects.filter(hospital=at).count() == 1
    code = EnrolmentCode.objects.get(hospital=at)
    assert code.client == Client.objects.get(hospital=at) and code.used_at


def test_a_name_that_is_taken_leaves_the_code_as_it_is(server: str) -> None:
    at = alliance.make_hospital("names")
    first = enrolled(server, at)
    code = operator_code(at)
    refused(Machine(server, first.name.upper()).enrol(code), 409, "name-taken")
    do_revoke_client(first.client, reason="stolen", acting=alliance.OPERATOR)
    assert Machine(server, first.name).enrol(code).status == 201


def test_a_hospital_that_does_not_take_part_enrols_nobody(server: str) -> None:
    at = alliance.make_hospital("away")
    code = operator_code(at)
    do_suspend_hospital(at, reason="test", acting=alliance.OPERATOR)
    refused(Machine(server).enrol(code), 403, "suspended")
    Hospital.objects.filter(pk=at.pk).update(suspended_at=None)
    assert Machine(server).enrol(code).status == 201


def test_a_system_follows_from_who_made_the_code(server: str) -> None:
    """An administrator's reaches its own store alone, until an officer vouches; one that a script
    made gets no token before.
    """
    at = alliance.make_hospital("whose")
    staff = alliance.make_staff(at, Role.ADMINISTRATOR)
    admin, machine = alliance.get_staff_principal(staff), Machine(server)
    _, code = do_make_enrolment_code(at, acting=admin)
    assert machine.enrol(code).status == 201 and machine.told["vouched"] is False
    client = machine.client
    assert client.registered_by == staff and client.vouched_at is None
    assert machine.api()("POST", "Patient", make_patient()).status == 201
    made, scripted = do_make_enrolment_code(at, acting=admin)
    EnrolmentCode.objects.filter(pk=made.pk).update(made_through="admin_00000000")
    machine = Machine(server)
    assert machine.enrol(scripted).status == 201
    reply = machine.ask_token()
    assert reply.status == 401 and "vouched" in reply.json["error_description"]


def test_whoever_administers_no_more_leaves_no_code_behind(server: str) -> None:
    at = alliance.make_hospital("left")
    staff = alliance.make_staff(at, Role.ADMINISTRATOR)
    admin = alliance.get_staff_principal(staff)
    _, code = do_make_enrolment_code(at, acting=admin)
    staff.ended_at = timezone.now()
    staff.save()
    refused(Machine(server).enrol(code), 410, "withdrawn-code")
    staff.ended_at = None
    staff.save()
    assert Machine(server).enrol(code).status == 201, "the control"
    made, code = do_make_enrolment_code(at, acting=admin)
    do_withdraw_enrolment_code(made, acting=admin)
    refused(Machine(server).enrol(code), 410, "withdrawn-code")


def test_guessing_codes_is_slowed_down_and_shuts_nobody_out(server: str) -> None:
    at = alliance.make_hospital("guesses")
    bucket = throttle.GuessBucket(ENROLMENT_LIMIT, throttle.hash_parts("enrol", "127.0.0.1"))
    GuessCount.objects.filter(pk=bucket.key).delete()
    try:
        for _ in range(ENROLMENT_LIMIT.free):
            refused(Machine(server).enrol(make_code()), 400, "unknown-code")
        reply = Machine(server).enrol(make_code())
        assert refused(reply, 429, "slow-down")["seconds"] > 0
        assert int(reply.headers["retry-after"]) > 0
        assert Machine(server).enrol(operator_code(at)).status == 201, "a right one passes"
    finally:
        GuessCount.objects.filter(pk=bucket.key).delete()


def test_another_key_takes_the_place_of_the_first_an_hour_later(server: str) -> None:
    at = alliance.make_hospital("rotate")
    machine = enrolled(server, at)
    api, new = machine.api(), ECKey.generate_key("P-384")
    reply = machine.replace_key(api, new)
    assert reply.status == 200, reply.body
    end = dt.datetime.fromisoformat(reply.json["others_end"])
    assert dt.timedelta(minutes=59) < end - timezone.now() <= dt.timedelta(hours=1)
    assert machine.ask_token(new).status == 200
    assert machine.ask_token().status == 200, "within the hour"
    outcome, _, actor, _, target, detail = last_line("alliance:client:key")
    assert (outcome, actor) == ("success", machine.told["client_id"])
    assert target == f"client/{actor}" and new.thumbprint().startswith(detail)
    again = machine.replace_key(api, new)
    assert again.status == 200 and again.json["others_end"] == reply.json["others_end"], (
        "a line that broke: the same once more changes nothing"
    )
    client = machine.client
    assert [("exp" in k) for k in client.jwks["keys"]] == [True, False]
    client.jwks["keys"][0]["exp"] = seconds_from_now(-1)
    client.save()
    late = machine.ask_token()
    assert late.status == 401 and "replaced" in late.json["error_description"]
    assert machine.ask_token(new).status == 200
    back = machine.replace_key(api, machine.key, signer=new)
    assert back.status == 200, "one that has ended is a new one"
    assert len(machine.client.jwks["keys"]) == 2


def test_who_may_not_replace_a_key(server: str) -> None:
    at, other = alliance.make_hospital("mine"), alliance.make_hospital("theirs")
    machine, stranger = enrolled(server, at), enrolled(server, other)
    new = ECKey.generate_key("P-384")
    refused(machine.replace_key(machine.api(), new, at=other.code), 403, "forbidden")
    refused(machine.replace_key(Api(server, at.code, token="x"), new), 401, "token")
    refused(machine.replace_key(stranger.api(), new), 403, "forbidden")
    refused(machine.replace_key(machine.api("system/*.rs"), new), 403, "narrow-token")
    with_secret = Api(server, at.code, credentials=alliance.make_credentials(at))
    with_secret("GET", "Patient")
    refused(machine.replace_key(with_secret, new), 409, "has-secret")
    assert len(machine.client.jwks["keys"]) == 1
    api, signer = machine.api(), machine.key
    for _ in range(MOST_KEYS - 1):
        following = ECKey.generate_key("P-384")
        assert machine.replace_key(api, following, signer=signer).status == 200
        signer = following
    refused(machine.replace_key(api, new, signer=signer), 409, "many-keys")
    refused(machine.replace_key(api, machine.key, signer=signer), 409, "old-key")


def test_a_stolen_token_brings_no_key_of_its_own(server: str) -> None:
    """The key that counts signs for the one that shall, for this address, once."""
    at = alliance.make_hospital("thief")
    machine, other = enrolled(server, at), enrolled(server, at)
    api, thief, new = machine.api(), ECKey.generate_key("P-384"), ECKey.generate_key("P-384")
    used = machine.prove(thief)
    token_assertion = machine.prove(thief, aud=f"{server}/oauth/token")
    assert machine.ask_token().status == 200
    for proof in (
        None,
        "",
        7,
        "a.b.c",
        machine.prove(thief, signer=thief),
        machine.prove(thief, signer=other.key),
        machine.prove(new),  # it is for another key
        machine.prove(thief, cnf=None),
        machine.prove(thief, cnf="x"),
        token_assertion,
        machine.prove(thief, exp=seconds_from_now(-60)),
        machine.prove(thief, iss=other.told["client_id"]),
    ):
        refused(machine.replace_key(api, thief, proof=proof), 403, "proof")
    assert len(machine.client.jwks["keys"]) == 1
    assert machine.ask_token(thief).status == 401
    assert machine.replace_key(api, new).status == 200, "the control"
    refused(machine.replace_key(api, thief), 403, "proof")  # by the key that was replaced
    assert machine.replace_key(api, new).status == 200, "which may finish its change"
    assert machine.replace_key(api, thief, signer=new, proof=None).status == 403
    refused(machine.replace_key(api, thief, proof=used), 403, "proof")


def test_a_revoked_system_is_out_at_once(server: str) -> None:
    at = alliance.make_hospital("revoked")
    machine = enrolled(server, at)
    api = machine.api()
    assert api("GET", "Patient").status == 200, "the control"
    do_revoke_client(machine.client, reason="stolen", acting=alliance.OPERATOR)
    assert api("GET", "Patient").status == 401
    refused(machine.replace_key(api, ECKey.generate_key("P-384")), 401, "token")
    assert machine.ask_token().status == 401


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"iat": 3600, "exp": 3600 + 240}, "3600 seconds ahead"),
        ({"iat": -3600, "exp": -3600 + 240}, "3600 seconds behind"),
        ({"exp": -3000}, "3000 seconds behind"),
        ({"nbf": 200}, "nbf of the assertion must not lie in the future, and lies 200 seconds"),
        ({"iat": 100}, "100 seconds ahead"),
    ],
)
def test_a_clock_that_is_off_is_told_by_how_much(
    server: str, claims: dict[str, int], says: str
) -> None:
    machine = enrolled(server, alliance.make_hospital("clock"))
    reply = machine.ask_token(**{k: seconds_from_now(v) for k, v in claims.items()})
    assert reply.status == 401
    said = reply.json["error_description"]
    exact = int("".join(c for c in says if c.isdigit()))
    near = [says.replace(str(exact), str(exact + n)) for n in range(-2, 3)]
    assert any(s in said for s in near), said
    assert "date" in reply.headers
    assert machine.ask_token(iat=seconds_from_now(-10), nbf=seconds_from_now(-10)).status == 200


@pytest.mark.parametrize("kid", ["\x00", "\ud800", "a\nb", "键", "k" * 101])
def test_a_name_of_a_key_that_cannot_be_kept_is_left_out(server: str, kid: Any) -> None:
    at, machine = alliance.make_hospital("kid"), Machine(server)
    jwk = machine.key.as_dict(private=False) | {"kid": kid}
    assert machine.enrol(operator_code(at), jwk=jwk).status == 201
    assert "kid" not in machine.client.jwks["keys"][0]
    named = Machine(server)
    jwk = named.key.as_dict(private=False) | {"kid": "2026-05"}
    assert named.enrol(operator_code(at), jwk=jwk).status == 201
    assert named.client.jwks["keys"][0]["kid"] == "2026-05", "the control"


def test_a_key_that_is_dear_to_check_is_refused(server: str) -> None:
    at, machine = alliance.make_hospital("huge"), Machine(server)
    code = operator_code(at)
    huge = {"kty": "RSA", "e": "AQAB", "n": "f" * 15_000}
    refused(machine.enrol(code, jwk=huge), 400, "key")
    assert machine.enrol(code).status == 201, "the code is not used up"
