"""What a search finds, by its ids."""

from tests.factories.fhir import Api


def ids(api: Api, query: str) -> list[str]:
    reply = api("GET", query)
    assert reply.status == 200, reply.body
    return [
        f"{e['resource']['resourceType']}/{e['resource']['id']}"
        for e in reply.json.get("entry", [])
    ]
