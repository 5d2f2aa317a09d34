"""The agent turns a code into an enrolment of its machine, replaces its key, and says in Chinese
what is wrong.
"""

from joserfc.jwk import ECKey

from alliance.models import Client
from alliance.services.clients import do_revoke_client
from records.agent.context import open_context
from records.agent.key_files import KEY, NEXT_KEY, PLATFORM_KEYS, WITNESS_KEY
from records.agent.settings import read_settings
from records.agent.settings_file import put_values
from tests.factories import alliance
from tests.support.agent_machine import Agent
from tests.support.enrolling import Machine, operator_code


def test_a_code_enrols_the_machine_and_its_keys_stay_there(server: str, agent: Agent) -> None:
    at = alliance.make_hospital("machine")
    status, said = agent.run("enrol", operator_code(at), "--url", server, "--name", "南桥 HIS")
    assert status == 0 and at.name_zh in said and "接入成功" in said and "试连一次，通了" in said, (
        said
    )
    client = Client.objects.get(hospital=at)
    assert client.name == "南桥 HIS" and client.client_id in said
    settings = read_settings(agent.home)["platform"]
    assert (settings["url"], settings["hospital"]) == (server, at.code)
    assert settings["client_id"] == client.client_id
    for name in (KEY, WITNESS_KEY, PLATFORM_KEYS, "agent.ini"):
        assert agent.mode(name) == 0o600, name
    assert agent.mode(".") == 0o700
    assert read_settings(agent.home)["witness"]["key"] == WITNESS_KEY
    context = open_context(agent.home)
    try:
        assert context.platform.send("GET", f"/fhir/{at.code}/Patient").status == 200
    finally:
        context.close()
    before = agent.key()
    status, said = agent.run("enrol", operator_code(at), "--url", server)
    assert status == 2 and "不会覆盖" in said and agent.key() == before
    assert Client.objects.filter(hospital=at).count() == 1


def test_an_answer_that_was_lost_is_asked_for_again(server: str, agent: Agent) -> None:
    at = alliance.make_hospital("lost")
    code = operator_code(at)
    assert agent.run("enrol", code, "--url", server, "--name", "x")[0] == 0
    client = Client.objects.get(hospital=at)
    (agent.home / "agent.ini").unlink()
    assert agent.run("enrol", code, "--url", server, "--name", "x")[0] == 0
    assert Client.objects.get(hospital=at) == client
    assert Machine(server).enrol(code).status == 409, "the control: another key"
    do_revoke_client(client, reason="x", acting=alliance.OPERATOR)
    (agent.home / "agent.ini").unlink()
    assert agent.run("enrol", code, "--url", server, "--name", "x")[0] == 2


def test_each_fault_is_a_sentence_with_its_mend(server: str, agent: Agent) -> None:
    code = operator_code(alliance.make_hospital("sentences"))
    wrong = code[:5] + ("A" if code[5] != "A" else "B") + code[6:]
    for words, says in (
        (["enrol", wrong, "--url", server], "第 2 组"),
        (["enrol", code], "--url"),
        (["enrol", code, "--url", "http://platform.example.cn"], "https"),
        (["enrol", code, "--url", "http://127.0.0.1:9"], "网络不通"),
        (["enrol", code, "--url", f"{server}/elsewhere"], "没有接入服务"),
        (["rotate"], "client_id"),
    ):
        status, said = agent.run(*words)
        assert status == 2 and says in said, (words, said)
    status, said = agent.run("enrol", wrong, "--url", server, language="en")
    assert status == 2 and "group 2" in said
    assert agent.run("enrol", code, "--url", server)[0] == 0, "the control"


def test_the_key_is_replaced_while_the_agent_goes_on(server: str, agent: Agent) -> None:
    at = alliance.make_hospital("turn")
    assert agent.run("enrol", operator_code(at), "--url", server)[0] == 0
    first, context = agent.key(), open_context(agent.home)
    try:
        status, said = agent.run("rotate")
        assert status == 0 and "密钥已换" in said, said
        assert agent.key() != first and not (agent.home / NEXT_KEY).exists()
        assert agent.mode(KEY) == 0o600
        context.platform.forget_token()
        assert context.platform.send("GET", f"/fhir/{at.code}/Patient").status == 200
    finally:
        context.close()
    assert [("exp" in k) for k in Client.objects.get(hospital=at).jwks["keys"]] == [True, False]


def test_a_change_of_the_key_whose_answer_was_lost_is_finished(server: str, agent: Agent) -> None:
    at = alliance.make_hospital("halfway")
    assert agent.run("enrol", operator_code(at), "--url", server)[0] == 0
    first = agent.key()
    assert agent.run("rotate")[0] == 0
    second = agent.key()
    (agent.home / NEXT_KEY).write_text(second)  # as if the answer had never come
    (agent.home / KEY).write_text(first)
    client = Client.objects.get(hospital=at)
    client.jwks["keys"][0]["exp"] = 1  # and the hour were over
    client.save()
    status, said = agent.run("rotate")
    assert status == 0, said
    assert agent.key() == second and len(Client.objects.get(hospital=at).jwks["keys"]) == 2


def test_lines_of_the_settings_that_are_somebody_elses_stay() -> None:
    text = (
        "# mine\n[folder]\npath = /drop\n\n[platform]\n; note\nurl: https://old\n\n[hours]\na=1\n"
    )
    assert put_values(text, "platform", {"url": "https://new", "key": "k"}) == (
        "# mine\n[folder]\npath = /drop\n\n[platform]\n; note\nurl = https://new\nkey = k\n\n"
        "[hours]\na=1\n"
    )
    assert put_values("", "witness", {"key": "w"}) == "\n[witness]\nkey = w\n"


def test_a_key_that_is_not_the_machines_gets_nothing(server: str, agent: Agent) -> None:
    at = alliance.make_hospital("stolen")
    assert agent.run("enrol", operator_code(at), "--url", server)[0] == 0
    (agent.home / KEY).write_bytes(ECKey.generate_key("P-384").as_pem(private=True))
    status, said = agent.run("rotate")
    assert status == 2 and "不认本机的凭据" in said, said
