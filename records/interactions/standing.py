"""Subscription/[id]/$status: how a subscription stands (Subscriptions R5 Backport IG 1.1)."""

from records.fhir.bundle import bundle
from records.fhir.json import dump, parse
from records.interactions import read
from records.interactions.ask import Answer, Ask
from records.interactions.notification import status, status_entry
from records.interactions.subscribing import wish
from records.models import SubscriptionState


def standing(ask: Ask, fhir_id: str) -> Answer:
    """A searchset Bundle with the status. Raises NotFound."""
    resource = parse(read.read(ask, "Subscription", fhir_id).body)
    known = SubscriptionState.objects.filter(hospital_id=ask.hospital_id, fhir_id=fhir_id).first()
    here = f"{ask.root}/{ask.base}/Subscription/{fhir_id}"
    told = status(here, wish(resource), "query-status", known.told if known else 0, None)
    told["parameter"] = [{**p, "valueCode": resource["status"]} if p["name"] == "status" else p for p in told["parameter"]]
    return Answer(200, bundle("searchset", [dump(status_entry(told, search={"mode": "match"}))], [("self", f"{here}/$status")], 1))
