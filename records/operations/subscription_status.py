"""Subscription/[id]/$status: how a subscription stands (Subscriptions R5 Backport IG 1.1)."""

from records.fhir.bundle import build_bundle
from records.fhir.json_codec import dump_json, parse_json
from records.ingest.subscription_request import parse_subscription
from records.interactions import read
from records.models import SubscriptionState
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.subscriptions.notification import build_status, build_status_entry


def read_subscription_status(fhir_request: FhirRequest, fhir_id: str) -> FhirResponse:
    """A searchset Bundle with the status. Raises NotFound."""
    resource = parse_json(read.read_resource(fhir_request, "Subscription", fhir_id).body)
    state = SubscriptionState.objects.filter(
        hospital_id=fhir_request.hospital_id, fhir_id=fhir_id
    ).first()
    subscription_url = f"{fhir_request.root}/{fhir_request.base}/Subscription/{fhir_id}"
    status = build_status(
        subscription_url,
        parse_subscription(resource),
        "query-status",
        state.told if state else 0,
        None,
    )
    status["parameter"] = [
        {**p, "valueCode": resource["status"]} if p["name"] == "status" else p
        for p in status["parameter"]
    ]
    return FhirResponse(
        200,
        build_bundle(
            "searchset",
            [dump_json(build_status_entry(status, search={"mode": "match"}))],
            [("self", f"{subscription_url}/$status")],
            1,
        ),
    )
