"""The view of one address below a FHIR base: authenticate, run the method of the verb, answer;
errors become outcomes.

The five steps of docs/request-flow.md. The gate and the audit log are inside the interactions.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from alliance.auth.bearer import authenticate_bearer, confirm_proviso
from alliance.auth.errors import AuthenticationFailed, Forbidden
from alliance.auth.refusal_log import log_refused_request
from alliance.database.statement_time import set_work_kind
from alliance.platform.database_away import find_away_cause
from alliance.platform.unavailable_response import answer_unavailable
from consent.terms import Refused
from records.api import negotiate
from records.api.http_response import build_error_response, build_http_response
from records.api.push_option import start_push
from records.api.request_parameters import parse_query_pairs
from records.fhir.issues import Issue, MethodNotAllowed, NotFound, Problem
from records.requests.fhir_request import FhirRequest, FhirResponse, build_fhir_request
from records.requests.interaction import METHODS, Interaction, Operation

Answer = FhirResponse | HttpResponseBase


class FhirView(View):
    """One address, for systems with a token. A method takes the request as HTTP has it, as
    interactions have it, and the variables of the address; what it is says its Interaction.
    """

    interactions: ClassVar[dict[str, Interaction]] = {}  # by method
    operation: ClassVar[Operation | None] = None
    needs_token: ClassVar[bool] = True
    may_give_bytes: ClassVar[bool] = False  # of a Binary, under their own media type

    def __init_subclass__(cls, **options: Any) -> None:
        """Collect what its methods declare. Raises TypeError for one that declares nothing."""
        super().__init_subclass__(**options)
        methods = {m: f for m in METHODS if (f := getattr(cls, m.lower(), None))}
        if bare := [m for m, f in methods.items() if not hasattr(f, "interaction")]:
            raise TypeError(f"{cls.__name__}: decorate {', '.join(bare)} with an Interaction.")
        cls.interactions = {m: f.interaction for m, f in methods.items()}

    @classmethod
    def as_view(cls, **options: Any) -> Callable[..., HttpResponseBase]:
        return csrf_exempt(super().as_view(**options))

    def dispatch(self, request: HttpRequest, *_: Any, **about: str) -> HttpResponseBase:
        response = answer_or_error(request, partial(self.answer, request, **about))
        return answer_or_error(request, partial(confirm_before_reply, request, response))

    def answer(self, request: HttpRequest, base_code: str, **about: str) -> HttpResponseBase:
        root, method = find_root(request), read_method(request)
        if not (self.may_give_bytes and method == "GET" and about["type_name"] == "Binary"):
            negotiate.check_accepts_json(request, parse_query_pairs(request))
        declared = self.interactions.get(method)
        request.interaction = declared.name if declared else "other"  # type: ignore[attr-defined]
        set_work_kind(declared.work if declared else "read")
        caller = request.caller = authenticate_bearer(  # type: ignore[attr-defined]
            request, provided=declared is not None and declared.asks_proviso
        )
        prefer = negotiate.parse_prefer(request)
        fhir_request = replace(
            build_fhir_request(caller, base_code, root), returns=prefer.get("return", "")
        )
        if "\x00" in request.path_info:
            raise NotFound(Issue("not-found", "An address holds no NUL character."))
        if declared is None:
            raise self.refuse_method(method)
        found = (
            start_push(request, fhir_request, **about)
            if declared.async_option and fhir_request.is_own_base and "respond-async" in prefer
            else self.run(method, request, fhir_request, **about)
        )
        return make_response(request, found, fhir_request.returns)

    def refuse_method(self, method: str) -> Problem:
        allowed = sorted(self.interactions)
        problem = MethodNotAllowed(
            Issue("not-supported", f"{method} is not served here; {', '.join(allowed)} is.")
        )
        problem.allowed = tuple(allowed)
        return problem

    def run(
        self, method: str, request: HttpRequest, fhir_request: FhirRequest, **about: str
    ) -> Answer:
        return getattr(self, method.lower())(request, fhir_request, **about)  # type: ignore[no-any-return]


class PublicView(FhirView):
    """What a base tells everyone."""

    needs_token = False

    def answer(self, request: HttpRequest, base_code: str, **about: str) -> HttpResponseBase:
        method = read_method(request)
        if (declared := self.interactions.get(method)) is None:
            return super().answer(request, base_code, **about)
        root = find_root(request)
        negotiate.check_accepts_json(request, parse_query_pairs(request))
        request.interaction = declared.name  # type: ignore[attr-defined]
        return make_response(request, getattr(self, method.lower())(base_code, root))


def make_response(request: HttpRequest, found: Answer, returns: str = "") -> HttpResponseBase:
    """What a method gives, as it leaves."""
    return (
        found
        if isinstance(found, HttpResponseBase)
        else build_http_response(request, found, returns)
    )


def read_method(request: HttpRequest) -> str:
    return "GET" if request.method == "HEAD" else request.method or ""


def split_path(path: str) -> list[str]:
    """Its segments; a slash too many makes none."""
    return [part for part in path.split("/") if part]


def find_root(request: HttpRequest) -> str:
    """The absolute URL of the bases. Raises DisallowedHost, whatever links are made of."""
    request.get_host()
    return (settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")) + "/fhir"


def answer_or_error(
    request: HttpRequest, attempt: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """The answer, or what the error is to a client; a refusal is in the audit log before it
    leaves.
    """
    try:
        try:
            return attempt()
        except (AuthenticationFailed, Forbidden, Refused) as refusal:
            log_refused_request(request, refusal, "fhir")
            raise
    except Exception as error:
        return (
            answer_unavailable(request, error)
            if find_away_cause(error)
            else build_error_response(error)
        )


def confirm_before_reply(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """No answer leaves, not even an error, before the caller's token is known to stand. Raises
    AuthenticationFailed.
    """
    if caller := getattr(request, "caller", None):
        confirm_proviso(caller)
    return response
