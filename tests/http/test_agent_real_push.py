"""Real input by the agent's push: HL7 v2 messages of the world and Synthea's patients are stored,
or refused with a reason; afterwards both sides have the same.
"""

import gzip
from pathlib import Path

from records.agent.outbox_status import list_refused_groups
from records.agent.reconcile import reconcile_all
from records.agent.sets.column_set import Site
from records.agent.take_files import take_files
from tests.factories import alliance
from tests.support.agent_homes import agent_at, send_all
from tests.support.real_data import HL7, SYNTHEA, needs


def push_all(server: str, home: Path, source: str, paths: list[Path]) -> dict[str, int]:
    """Outcome -> how many; digests are equal on both sides afterwards."""
    at = alliance.make_hospital("world")
    with agent_at(server, at, home) as context:
        taken = take_files(paths, Site(source, at.code, "+08:00"), context.outbox)
        assert taken.added.added, taken.counts
        send_all(context)
        for group in list_refused_groups(context.outbox):
            assert group.why.get("zh") and group.why.get("en") and group.places, group
        (result,) = reconcile_all(context)
        assert result.equal and result.records, result.days
        state = context.outbox.state()
        assert state.backlog == 0
        return state.outcomes


def test_hl7_messages_arrive_by_push(server: str, tmp_path: Path) -> None:
    needs(HL7)
    outcomes = push_all(server, tmp_path, "his", sorted(HL7.glob("*.hl7")))
    assert outcomes["stored"] > 100 and not outcomes.get("refused"), outcomes


def test_synthea_patients_arrive_by_push(server: str, tmp_path: Path) -> None:
    needs(SYNTHEA)
    paths = sorted(SYNTHEA.glob("*/*.gz"), key=lambda p: p.stat().st_size)
    shared = [p for p in paths if "nformation" in p.name]
    people = [p for p in paths if "nformation" not in p.name][:2]
    plain = tmp_path / "exports"
    plain.mkdir()
    found = []
    for place, path in enumerate((*shared, *people)):
        target = plain / f"{place}-{path.stem}"
        target.write_bytes(gzip.decompress(path.read_bytes()))
        found.append(target)
    outcomes = push_all(server, tmp_path, "ehr", found)
    assert outcomes["stored"] > 200 and not outcomes.get("refused"), outcomes
    assert not outcomes.get("waiting"), outcomes
