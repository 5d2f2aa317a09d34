"""Tell dead letters to the system that sent them: rule, place, value, why and how to mend
(docs/sync.md, Push).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from records.fhir.json_codec import parse_json
from records.sync.dead_letters import DeadLetter, split_content
from records.sync.shown_letter import describe_mend, describe_rule

# index: record_sync_dead_letter_shared
SHARING = """
SELECT d.rule, d.field, count(*) FROM unnest(%(rules)s::text[], %(fields)s::text[])
  AS k(rule, field) JOIN record_sync_dead_letter d ON d.hospital = %(hospital)s
  AND d.rule = k.rule COLLATE "C" AND d.field = k.field AND d.state = 'open' GROUP BY 1, 2
"""


def describe_letters(
    hospital_id: int,
    letters: Sequence[DeadLetter],
    heads: Mapping[int, dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """heads: by place, what is known of letters of which nothing was kept."""
    sharing = count_sharing(hospital_id, letters)
    return [
        describe_letter(
            letter,
            (heads or {}).get(letter.place) if letter.is_unkept else None,
            sharing.get((letter.rule, letter.field), 0),
        )
        for letter in letters
    ]


def describe_letter(
    letter: DeadLetter, head: dict[str, Any] | None, sharing: int
) -> dict[str, Any]:
    """sharing: how many open ones have its rule and field."""
    head = head or read_head(letter)
    first, *more = head.get("faults") or [{}]
    return {
        "id": letter.id,
        "stream": letter.stream,
        "number": letter.number,
        "item": letter.place,
        "source": letter.source,
        "type": letter.type,
        "record": letter.record,
        "version": letter.version,
        "day": letter.day,
        "at": head.get("at", ""),
        "state": letter.state.value,
        "kept": not letter.is_unkept,
        "rule": letter.rule,
        "field": letter.field,
        "value": first.get("value", ""),
        "why": first.get("why", {"zh": "", "en": ""}),
        "mend": first.get("mend", {"zh": "", "en": ""}),
        "more": more,
        "sharing": sharing,
        "made_at": letter.made_at.isoformat(),
        "settled_at": letter.settled_at and letter.settled_at.isoformat(),
        "settled_by": letter.settled_by,
        "reason": letter.reason,
    }


def read_head(letter: DeadLetter) -> dict[str, Any]:
    """Where it was sent from, and its faults; of one that was not kept what its rule says. Raises
    UnreadableBody.
    """
    if letter.sealed:
        return parse_json(split_content(letter.sealed_bytes())[0])  # type: ignore[no-any-return]
    return {"faults": [describe_unkept(letter)]} if letter.is_unkept else {}


def describe_unkept(letter: DeadLetter) -> dict[str, Any]:
    """Its first fault, without what the record says."""
    return {
        "rule": letter.rule,
        "field": letter.field,
        "value": "",
        "why": describe_rule(letter.rule, letter.field),
        "mend": describe_mend(letter.rule, letter.field),
    }


def count_sharing(hospital_id: int, letters: Iterable[DeadLetter]) -> dict[tuple[str, str], int]:
    """{(rule, field): how many open ones there are}."""
    pairs = sorted({(letter.rule, letter.field) for letter in letters})
    if not pairs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            SHARING,
            {
                "hospital": hospital_id,
                "rules": [p[0] for p in pairs],
                "fields": [p[1] for p in pairs],
            },
        )
        return {(rule, place): count for rule, place, count in cursor.fetchall()}
