"""Push: batches, their receipts, streams and dead letters (docs/sync.md, Push)."""

import re

from django.http import HttpRequest, HttpResponse

from records.api.negotiate import parse_prefer
from records.api.sync.read_body import read_ndjson_body
from records.api.sync.sync_view import SyncView, build_response
from records.requests.fhir_request import FhirRequest
from records.sync.batch_lines import HEADER_FORMS, LARGEST
from records.sync.letter_list import LetterQuestion, list_dead_letters
from records.sync.sync_error import SyncError
from records.sync.take_batch import TakenBatch, get_batch, get_stream, take_batch

NUMBER = re.compile(r"[0-9]{1,19}")


def read_number(text: str) -> int:
    """Raises SyncError for what is no number of a batch."""
    number = int(text) if NUMBER.fullmatch(text) else 0
    if not 0 < number <= LARGEST:
        raise SyncError(
            "query", name="number", form_zh="从 1 开始的整数", form_en="a whole number from 1 on"
        )
    return number


def check_stream(name: str) -> str:
    """Raises SyncError for what is no name of a stream."""
    form = HEADER_FORMS["stream"]
    if not form.holds(name):
        raise SyncError("query", name="stream", form_zh=form.zh, form_en=form.en)
    return name


def answer_batch(fhir_request: FhirRequest, taken: TakenBatch) -> HttpResponse:
    if taken.answer:
        return build_response(taken.answer)
    root = fhir_request.root.removesuffix("/fhir")
    return build_response(
        {"stream": taken.stream, "number": taken.number, "state": "waiting"},
        202,
        {
            "Location": f"{root}/sync/{fhir_request.base}/batches/{taken.stream}/{taken.number}",
            "Retry-After": str(taken.seconds),
        },
    )


class BatchesView(SyncView):
    work = "transaction"

    def post(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponse:
        """Send a batch."""
        data = read_ndjson_body(request)
        later = "respond-async" in parse_prefer(request)
        return answer_batch(fhir_request, take_batch(fhir_request, data, later=later))


class BatchView(SyncView):
    def get(
        self, request: HttpRequest, fhir_request: FhirRequest, stream: str, number: str
    ) -> HttpResponse:
        """Its receipt, again, or once it is there."""
        return answer_batch(
            fhir_request, get_batch(fhir_request, check_stream(stream), read_number(number))
        )


class StreamView(SyncView):
    def get(self, request: HttpRequest, fhir_request: FhirRequest, stream: str) -> HttpResponse:
        """Ask which number comes next."""
        return build_response(get_stream(fhir_request, check_stream(stream)))


class DeadLettersView(SyncView):
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponse:
        """Page through what was refused or waits."""
        question = LetterQuestion.from_query({k: v for k, v in request.GET.items()})
        return build_response(list_dead_letters(fhir_request, question))
