"""Made-up items for the agent: laboratory values of patients who do not exist."""

from collections.abc import Iterator

from records.agent.item import Item, encode_resource

PATIENTS = 40


def make_item(number: int, text: str = "first", **fields: object) -> Item:
    body = encode_resource({"resourceType": "Observation", "status": "final", "valueString": text})
    values: dict[str, object] = {
        "source": "lis",
        "type": "Observation",
        "record": f"R{number}",
        "body": body,
        "day": "2026-05-03",
        "patient": f"{number % PATIENTS:08d}",
        "at": f"检验.csv 第{number}行",
    }
    return Item(**{**values, **fields})  # type: ignore[arg-type]


def make_items(count: int, text: str = "first", first: int = 0) -> Iterator[Item]:
    return (make_item(number, text) for number in range(first, first + count))
