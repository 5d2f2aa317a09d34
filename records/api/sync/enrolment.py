"""POST /sync/enrol and POST /sync/<hospital>/key: a one-time code becomes a system with a key that
its machine has made, and another key takes its place (docs/sync.md, Enrol).
"""

import datetime as dt
import json
import unicodedata
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from alliance.auth import throttle
from alliance.auth.assertion import BadKeySet, WeakKey, parse_enrolled_key
from alliance.auth.bearer import authenticate_bearer, resolve_client_address
from alliance.auth.errors import AuthenticationFailed, Forbidden
from alliance.auth.guess_limits import ENROLMENT_LIMIT, GuessBucket
from alliance.auth.refusal_log import (
    identify_caller,
    log_caller_refusal,
    log_refused_request,
)
from alliance.auth.tokens import public_root
from alliance.models import Client
from alliance.services.enrolment import KeyProof, do_enrol_client, do_replace_client_key
from alliance.services.enrolment_code import MistypedCode, hash_code
from alliance.services.enrolment_refusal import EnrolmentRefusal
from consent.audit.event import EventCode
from consent.audit.signing_keys import list_public_keys

MAX_BODY = 16_384  # bytes; an RSA key of 8192 bits has 1,500
MAX_NAME = 100
Door = Callable[..., JsonResponse]


def as_door(code: EventCode) -> Callable[[Door], Door]:
    """A door of enrolment: its refusals in both languages, and in the audit log."""

    def decorate(serve: Door) -> Door:
        @csrf_exempt
        @wraps(serve)
        def wrapper(request: HttpRequest, *args: Any, **values: Any) -> JsonResponse:
            if request.method != "POST":
                response = answer_error(405, "method", "这里只收 POST。", "Only POST is answered.")
                response["Allow"] = "POST"
                return response
            try:
                return forbid_keeping(serve(request, *args, **values))
            except EnrolmentRefusal as refused:
                acting, account = identify_caller(request)
                log_caller_refusal(
                    acting, reason=refused.code, target="", account=account, code=code
                )
                words = refused.words
                return answer_error(words.status, refused.code, words.zh, words.en, **refused.helps)

        return wrapper

    return decorate


def forbid_keeping(response: JsonResponse) -> JsonResponse:
    response["Cache-Control"] = "no-store"
    return response


def answer_error(status: int, error: str, zh: str, en: str, **helps: str | int) -> JsonResponse:
    response = JsonResponse(
        {"error": error, "zh": zh, "en": en, **helps},
        status=status,
        json_dumps_params={"ensure_ascii": False},
    )
    if "seconds" in helps:
        response["Retry-After"] = str(helps["seconds"])
    return forbid_keeping(response)


@as_door(EventCode.CLIENT_ENROL)
def serve_enrolment(request: HttpRequest) -> JsonResponse:
    """Public: the code is the proof. Codes that nobody has are counted by the address that sends
    them; a right one passes all the same, for nobody guesses 110 random bits.
    """
    asked = read_json_object(request)
    try:
        digest = hash_code(read_text(asked, "code"))
    except MistypedCode as fault:
        raise (
            EnrolmentRefusal("mistyped-group", group=fault.group)
            if fault.group
            else EnrolmentRefusal("mistyped-code", length=fault.length)
        ) from fault
    try:
        client = do_enrol_client(
            digest,
            name=read_name(asked),
            jwk=read_public_key(asked),
            witness_key=read_witness_key(asked),
            address=resolve_client_address(request),
            request_id=getattr(request, "request_id", ""),
        )
    except EnrolmentRefusal as refused:
        if refused.code == "unknown-code":
            count_unknown_code(request)
        raise
    return JsonResponse(
        describe_enrolment(request, client),
        status=201,
        json_dumps_params={"ensure_ascii": False},
    )


def count_unknown_code(request: HttpRequest) -> None:
    """Raises EnrolmentRefusal where too many came from this address."""
    place = throttle.client_network(request)
    try:
        throttle.count_guess([GuessBucket(ENROLMENT_LIMIT, throttle.hash_parts("enrol", place))])
    except throttle.TooManyGuesses as error:
        raise EnrolmentRefusal("slow-down", seconds=error.seconds) from error


def describe_enrolment(request: HttpRequest, client: Client) -> dict[str, Any]:
    """What the new system has to know from now on; keys: those of the log, to be pinned."""
    root, at = public_root(request), client.hospital
    return {
        "client_id": client.client_id,
        "hospital": at.code,
        "hospital_name": at.name_zh,
        "hospital_name_en": at.name_en,
        "token_url": f"{root}/oauth/token",
        "sync_url": f"{root}/sync/{at.code}/",
        "fhir_url": f"{root}/fhir/{at.code}/",
        "keys": list_public_keys(),
        "time": format_time(timezone.now()),
        "sandbox": at.is_sandbox,
        "vouched": client.vouched_at is not None,
    }


@as_door(EventCode.CLIENT_KEY)
def serve_key_change(request: HttpRequest, hospital: str) -> JsonResponse:
    """Another key for the system whose token this is; the one before ends an hour later."""
    try:
        acting = authenticate_bearer(request)
    except AuthenticationFailed as error:
        log_refused_request(request, error, "sync/key")
        response = answer_error(401, "token", "令牌无效或已过期，请重新申请令牌。", str(error))
        response["WWW-Authenticate"] = 'Bearer realm="xinglin"'
        return response
    except Forbidden as error:
        log_refused_request(request, error, "sync/key")
        return answer_error(403, "forbidden", "这个令牌只能用于管理接口。", str(error))
    request.caller = acting  # type: ignore[attr-defined]
    if acting.hospital != hospital:
        log_caller_refusal(acting, reason="foreign_store", target="sync/key", account=True)
        return answer_error(
            403,
            "forbidden",
            "这是另一家医院的地址，令牌在这里不能用。",
            "This is another hospital's address: the token opens nothing here.",
        )
    asked = read_json_object(request)
    client, end = do_replace_client_key(
        read_public_key(asked), proof=read_proof(request, asked), acting=acting
    )
    return JsonResponse(
        {
            "client_id": client.client_id,
            "others_end": format_time(end),
            "time": format_time(timezone.now()),
        }
    )


def read_json_object(request: HttpRequest) -> dict[str, Any]:
    try:
        body = request.body
        found = json.loads(body) if len(body) <= MAX_BODY else None
    except (ValueError, RecursionError, RequestDataTooBig):
        found = None
    if not isinstance(found, dict):
        raise EnrolmentRefusal("malformed", field="JSON")
    return found


def read_text(asked: dict[str, Any], field: str) -> str:
    text = asked.get(field)
    if not isinstance(text, str) or not text.strip() or len(text) > 400:
        raise EnrolmentRefusal("malformed", field=field)
    return text.strip()


def read_name(asked: dict[str, Any]) -> str:
    name = read_text(asked, "name")
    if len(name) > MAX_NAME or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        raise EnrolmentRefusal("name")
    return name


def read_public_key(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return parse_enrolled_key(asked.get("jwk"))
    except WeakKey as error:
        raise EnrolmentRefusal("weak-key") from error
    except BadKeySet as error:
        raise EnrolmentRefusal("key") from error


def read_proof(request: HttpRequest, asked: dict[str, Any]) -> KeyProof:
    text = asked.get("proof")
    return KeyProof(text if isinstance(text, str) else "", public_root(request) + request.path)


def read_witness_key(asked: dict[str, Any]) -> bytes | None:
    """None where the system witnesses nothing."""
    given = asked.get("witness_key")
    if given is None:
        return None
    try:
        key = bytes.fromhex(given)
    except (TypeError, ValueError):
        key = b""
    if len(key) != 32 or not any(key):
        raise EnrolmentRefusal("witness-key")
    return key


def format_time(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
