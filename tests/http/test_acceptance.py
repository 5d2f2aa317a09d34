"""The agent tries the sandbox and prints what passed; the platform says what a vendor's own client
has shown there, and what it lacks.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from alliance.models import AcceptanceMark, Client, Hospital
from records.agent import acceptance_checks
from records.agent.acceptance_checks import CHECKS
from records.agent.acceptance_table import EXPECTATIONS
from records.agent.acceptance_trial import AcceptanceTrial, CheckFailed
from records.agent.context import open_context
from records.agent.receipt_check import PinnedKeys
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.support.addresses import addresses
from tests.support.agent_machine import Agent
from tests.support.enrolling import operator_code


@pytest.fixture
def member(server: str, agent: Agent) -> Hospital:
    """A member, with this machine enrolled in its sandbox."""
    at = alliance.make_hospital("accept")
    code = operator_code(at, sandbox=True)
    status, said = agent.run("enrol", code, "--url", server, "--name", "vendor")
    assert status == 0 and "沙箱" in said, said
    return at


@contextmanager
def sync_worker_running() -> Iterator[None]:
    """What was accepted (202) is done, as the courier does it."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.2):
            call_command("sync_work", linger=0.0)
        connection.close()

    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_sync_stream SET done = next - 1")  # of other tests
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def test_the_agent_passes_what_it_asks(server: str, agent: Agent, member: Hospital) -> None:
    with sync_worker_running():
        status, said = agent.run("accept")
    failed = [line for line in said.splitlines() if "不通过]" in line]
    served = {name for _, name in addresses()}
    known = {
        check.zh
        for check, room in ((CHECKS[-2], "sync-feed"), (CHECKS[-1], "sync-digests"))
        if room not in served
    }
    assert all(any(k in line for k in known) for line in failed), said
    page = (agent.home / "acceptance.html").read_text()
    assert "接入验收报告" in page and "Acceptance report" in page and member.code in page
    assert said.count("[通过]") == len(CHECKS) - len(known), said
    status, said = agent.run("accept", "--watch", "--once")
    client = Client.objects.get(hospital__sandbox_of=member)
    marks = set(AcceptanceMark.objects.filter(client=client).values_list("behaviour", flat=True))
    required = {str(e.behaviour) for e in EXPECTATIONS if e.required}
    assert required <= marks, required - marks
    assert status == 0 and "验收通过" in said, said
    assert "fault.other-root" in marks, "which the agent had done on purpose"


def test_what_a_client_has_not_shown_is_missing(
    server: str, agent: Agent, member: Hospital
) -> None:
    status, said = agent.run("accept", "--watch", "--once", language="en")
    assert status == 1 and "[FAIL] sends a batch that is stored" in said and "not yet" in said
    context = open_context(agent.home)
    try:
        trial = AcceptanceTrial(context.platform, PinnedKeys(agent.home / "platform-keys.pem"))
        acceptance_checks.check_batch(trial)
        marks = set(AcceptanceMark.objects.values_list("behaviour", flat=True))
        client = Client.objects.get(hospital__sandbox_of=member)
        marks = set(client.acceptance_marks.values_list("behaviour", flat=True))
        assert marks == {"token", "batch", "chinese"}
        acceptance_checks.check_recall(trial)
        marks = set(client.acceptance_marks.values_list("behaviour", flat=True))
        assert "recall" in marks and "change" not in marks, "a recall is no change"
        acceptance_checks.check_change(trial)
        marks = set(client.acceptance_marks.values_list("behaviour", flat=True))
        assert {"change", "older", "next-batch"} <= marks and "again" not in marks
        acceptance_checks.check_again(trial)
        assert client.acceptance_marks.filter(behaviour="again").exists()
    finally:
        context.close()


def test_made_up_records_never_reach_a_hospitals_own_store(server: str, agent: Agent) -> None:
    at = alliance.make_hospital("real")
    assert agent.run("enrol", operator_code(at), "--url", server)[0] == 0
    for words in (["accept"], ["accept", "--watch"]):
        status, said = agent.run(*words)
        assert status == 2 and "不是沙箱" in said
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    assert api("GET", "Patient").json["total"] == 0
    assert not AcceptanceMark.objects.filter(client__hospital=at).exists()


def test_a_check_can_fail(server: str, agent: Agent, member: Hospital, tmp_path: Path) -> None:
    """With another key than the platform's, the signature does not pass."""
    foreign = tmp_path / "foreign.pem"
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from consent.audit.signing_keys import pem_from_key, raw_key_bytes

    foreign.write_text(pem_from_key(raw_key_bytes(Ed25519PrivateKey.generate().public_key())))
    context = open_context(agent.home)
    try:
        trial = AcceptanceTrial(context.platform, PinnedKeys(foreign))
        with pytest.raises(CheckFailed, match="signature"):
            acceptance_checks.check_batch(trial)
    finally:
        context.close()
