"""Every state, kind and verb of work between hospitals has its words in FHIR: whoever adds a kind
adds them (docs/adr/0090).
"""

import pytest

from alliance.models.work_item import WorkItem
from alliance.workflow.registry import STATE_TABLES
from records.fhir.own_definitions import load_own_definitions
from records.work_faces import build_task
from records.work_faces.state_codes import (
    KIND_SYSTEM,
    PRIORITY_BY_URGENCY,
    REQUEST_STATUS,
    STATE_SYSTEM,
    STATUS_BY_STATE,
    VERB_SYSTEM,
)

ENDED = {"completed", "rejected", "cancelled", "failed"}
TASK_STATUS = ENDED | {"requested", "received", "accepted", "in-progress", "on-hold", "ready"}


def codes(system: str) -> set[str]:
    definition = load_own_definitions()["CodeSystem", system.rpartition(":")[2]]
    assert definition["url"] == system and definition["count"] == len(definition["concept"])
    return {c["code"] for c in definition["concept"]}


@pytest.mark.parametrize("kind", STATE_TABLES)
def test_each_state_of_each_kind_has_a_status(kind: str) -> None:
    table = STATE_TABLES[kind]
    assert STATUS_BY_STATE[kind].keys() == {s.name for s in table.states}
    for state in table.states:
        status = STATUS_BY_STATE[kind][state.name]
        assert status in TASK_STATUS, (state.name, status)
        assert (status in ENDED) == state.is_end, (state.name, status)
        assert (status in REQUEST_STATUS) == state.is_end, "the ServiceRequest ends with it"


def test_a_state_means_the_same_in_every_kind() -> None:
    said: dict[str, set[str]] = {}
    for states in STATUS_BY_STATE.values():
        for state, status in states.items():
            said.setdefault(state, set()).add(status)
    assert {s: x for s, x in said.items() if len(x) > 1} == {}


def test_codes_are_published() -> None:
    tables = STATE_TABLES.values()
    assert codes(STATE_SYSTEM) == {s.name for t in tables for s in t.states}
    assert codes(KIND_SYSTEM) == set(STATE_TABLES)
    assert codes(VERB_SYSTEM) == {"send", "approve", "papers"} | {
        m.verb for t in tables for m in t.moves
    }
    assert PRIORITY_BY_URGENCY.keys() == set(WorkItem.Urgency.values)
    url = load_own_definitions()["StructureDefinition", "possible-verb"]["url"]
    assert url == build_task.POSSIBLE_URL
