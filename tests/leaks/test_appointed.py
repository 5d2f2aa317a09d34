"""An appointment opens no record: whatever page or address of the served hospital its officer asks
for, nothing of what is stored there is in the answer, and nothing that its own officer would not
have read.
"""

import re

from alliance.roles import Role
from tests.factories import alliance
from tests.factories.fhir import make_observation
from tests.support.addresses import ADDRESSES, FOR_ALL
from tests.support.browser import ENGLISH, signed_in
from tests.support.things import address, known, undone
from tests.support.world import World, w

__all__ = ["w"]

OTHERS_WORK = re.compile(r"reviews|audit/(?!emergencies)|decisions|alliance/(staff|host)")
MARK = "7391.25"  # a value that stands in one record alone


def test_no_address_tells_what_is_stored(w: World, server: str) -> None:
    values = known(w, server)
    w.hold.create(make_observation(w.at_b, value=float(MARK)))
    appointed = alliance.make_staff(alliance.make_hospital("core"), Role.PRIVACY)
    alliance.appoint_officer(appointed, w.b)
    own = alliance.make_staff(w.b, Role.PRIVACY)
    doctor = signed_in(alliance.make_staff(w.b))
    record = doctor.get(f"/person/{w.person}/results/", headers=ENGLISH).content.decode()
    assert MARK in record, "the control: its doctor reads it"
    browsers = {who.pk: signed_in(who) for who in (appointed, own)}
    for browser in browsers.values():
        browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    opened = []
    for pattern, (reads, _) in ADDRESSES.items():
        if reads is None or FOR_ALL.match(pattern):
            continue
        found = {}
        for pk, browser in browsers.items():
            with undone():
                reply = browser.get(address(pattern, values), headers=ENGLISH)
            body = b"".join(reply) if reply.streaming else reply.content
            assert MARK not in body.decode(errors="replace"), pattern
            found[pk] = reply.status_code == 200
        assert found[own.pk] or not found[appointed.pk], f"{pattern}: its own officer may not"
        opened += [pattern] if found[appointed.pk] else []
    assert "privacy/" in opened and "person/<uuid:person_id>/privacy/" in opened
    assert "audit/emergencies/" in opened, "as an officer; of the log itself nothing"
    assert not [p for p in opened if OTHERS_WORK.match(p)]
