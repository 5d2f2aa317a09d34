"""Every request of docs/how-to/refer-by-fhir.md is answered as the page says, in its order."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

from alliance.models import WorkItem
from records.work_faces.state_codes import STATUS_BY_STATE
from tests.factories import alliance
from tests.factories.fhir import Reply
from tests.factories.launches import LaunchWorld, make_launch_world
from tests.factories.referrals import send_referral

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/refer-by-fhir.md"


def list_commands() -> list[str]:
    """Those at the shared base, each on one line."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    text = "".join(blocks).replace("\\\n", " ")
    found = [c.strip() for c in re.split(r"^(?=curl )", text, flags=re.MULTILINE)]
    return [c for c in found if c.startswith("curl ") and "/fhir/alliance/" in c]


def run(command: str, names: dict[str, str], his: LaunchWorld) -> Reply:
    words = shlex.split(command.replace("\\$", "\0"))
    filled = [
        re.sub(r"\$([A-Z]+)", lambda m: names[m[1]], word).replace("\0", "$") for word in words
    ]
    options = list(pairwise(filled))
    headers = dict(v.split(": ", 1) for k, v in options if k == "-H")
    body = next((v.encode() for k, v in options if k == "-d"), None)
    method = next((v for k, v in options if k == "-X"), "GET")
    [path] = [w.removeprefix(names["SITE"]) for w in filled if w.startswith(names["SITE"])]
    return his.his.raw(method, path, body, headers)


def test_each_request_of_the_page_is_answered_as_it_says(server: str) -> None:
    his = make_launch_world(server)
    his.let_refer()
    w = his.world
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, w.a, home)
    names = {
        "SITE": server,
        "TOKEN": his.his.token,
        "HOSPITAL": w.a.code,
        "TASK": str(item.pk),
        "DOCTOR": his.staff.user.username,
        "RECEIVER": w.b.code,
        "PATIENT": str(w.person),
    }
    turn, task, request, moved, sent, said, done = (run(c, names, his) for c in list_commands())
    assert [e["resource"]["id"] for e in turn.json["entry"]] == [str(item.pk)]
    assert (task.json["status"], task.json["meta"]["versionId"]) == ("requested", "1")
    assert request.json["resourceType"] == "ServiceRequest"
    assert moved.status == 200 and moved.json["status"] == "accepted", moved.body
    assert sent.status == 201 and sent.json["resourceType"] == "Task", sent.body
    assert WorkItem.objects.get(sender=w.a).reason == "病情稳定，转回社区康复"
    assert said.status == 200 and "entry" not in said.json, "nothing was asked"
    assert len(done.json["entry"]) == 2


def test_the_table_of_states_is_the_codes() -> None:
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| (`[^|]+`) \|$", PAGE.read_text(), re.M)
    written = {}
    for statuses, states in rows:
        names = [re.findall(r"`([a-z-]+)`", x) for x in (statuses, states)]
        if len(names[0]) == len(names[1]):
            written |= dict(zip(names[1], names[0], strict=True))
        elif len(names[0]) == 1:
            written |= dict.fromkeys(names[1], names[0][0])
    known = {s: x for kind in STATUS_BY_STATE.values() for s, x in kind.items()}
    assert known.items() <= written.items()
