"""The form of a decision refuses what has no meaning; what is read back is what is saved;
withdrawals and undoings say why; codes are told in words.
"""

import datetime as dt
import re
from html import unescape

from django.utils import timezone

from alliance.roles import Role
from consent.audit.log_query import AuditFilter
from consent.audit.log_query import list_audit_lines as audit_lines
from consent.models import Directive
from consent.services.emergencies import do_break_glass
from records.models import Decision, SourcePatient
from records.mpi.curation.decisions import do_join_persons
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.consents import post_signed_decision, record_choice
from tests.factories.fhir import make_patient, make_unique_name
from tests.support.browser import signed_in
from tests.support.world import World, related, w

__all__ = ["w"]
ENGLISH = {"Accept-Language": "en"}


REFUSED = [
    ({"template": "nothing", "recipients": "A"}, "names no hospitals: unmark these"),
    ({"template": "share", "recipients": "A"}, "names no hospitals: unmark these"),
    ({"template": "nothing", "kinds": "HIV"}, "closes all kinds of record"),
    ({"template": "refuse", "recipients": "A", "kinds": "HIV"}, "closes all kinds of record"),
    ({"template": "only", "recipients": "A", "groups": "results"}, "holds back no kinds of record"),
    ({"template": "only"}, "Name at least one hospital or doctor."),
    ({"template": "refuse"}, "Name at least one hospital or doctor."),
    ({"template": "without"}, "Name at least one kind of record that is not shared."),
    (
        {"template": "refuse", "recipients": "A", "sources": "A"},
        "A hospital always sees its own records",
    ),
    ({"template": "only", "recipients": "A", "until": "2020-01-01"}, "This day is over"),
    ({"template": "nothing", "doctors": "D"}, "names no doctors: empty this"),
    (
        {"template": "refuse", "doctors": "D", "sources": "A"},
        "A hospital always sees its own records",
    ),
]


def test_what_has_no_meaning_is_refused_at_its_field(w: World) -> None:
    clerk, doctor = signed_in(alliance.make_staff(w.b, Role.CLERK)), alliance.make_staff(w.a)
    for form, mend in REFUSED:
        sent = {
            k: {"A": w.a.code, "D": doctor.user.username}.get(v, v) for k, v in form.items()
        } | {"method": "paper", "evidence": "x"}
        reply = post_signed_decision(clerk, f"/person/{w.person}/consent/", sent)
        assert (
            reply.status_code == 200
            and mend in unescape(reply.content.decode())
            and 'id="reading"' not in reply.content.decode()
        ), form
    assert not Directive.objects.filter(hospital=w.b).exists()


def test_what_is_read_back_is_what_is_saved_and_shown(w: World) -> None:
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    address, day = f"/person/{w.person}/consent/", timezone.localdate() + dt.timedelta(days=60)
    form = {
        "template": "refuse",
        "recipients": w.a.code,
        "until": day.isoformat(),
        "instead": "on",
        "method": "paper",
        "evidence": "柜 3",
    }
    said = f"{w.a.name_en} may not see any records of other hospitals"
    read = clerk.post(address, form | {"read": "1"}, headers=ENGLISH).content.decode()
    assert (
        said in read
        and f"Holds until <b>{day:%Y-%m-%d}</b>(that day included)" in read
        and not Directive.objects.filter(hospital=w.b).exists()
    )
    mark = re.search(r'name="said" value="(\w+)"', read).group(1)  # type: ignore[union-attr]
    changed = clerk.post(
        address, form | {"recipients": w.b.code, "said": mark, "save": "1"}, headers=ENGLISH
    ).content.decode()
    assert (
        "read it back to the patient once more" in changed
        and not Directive.objects.filter(hospital=w.b).exists()
    ), "another decision than was read"
    assert post_signed_decision(clerk, address, form).status_code == 302
    made = Directive.objects.get(hospital=w.b)
    assert (
        timezone.localtime(made.valid_until)
        .isoformat()
        .startswith(f"{day + dt.timedelta(days=1)}T00:00:00")
        and said in clerk.get(address, headers=ENGLISH).content.decode()
    )
    assert (
        "不允许" + w.a.name_zh + "查看其他医院的任何病历"
        in clerk.get(address, headers={"Accept-Language": "zh-hans"}).content.decode()
    )


def test_a_withdrawal_by_staff_says_why_and_how_it_was_asked_for(w: World) -> None:
    made = w.permit()
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    address = f"/person/{w.person}/consent/{made.pk}/withdraw/"
    assert (
        "may see the records of every hospital"
        in clerk.get(address, headers=ENGLISH).content.decode()
    )
    for lacking in (
        {},
        {"reason": "患者要求"},
        {"evidence": "申请书，柜 4"},
        {"reason": " ", "evidence": " "},
    ):
        assert clerk.post(address, lacking).status_code == 200
        made.refresh_from_db()
        assert made.withdrawn_at is None
    assert (
        clerk.post(address, {"reason": "患者要求", "evidence": "申请书，柜 4"}).status_code == 302
    )
    made.refresh_from_db()
    assert made.withdrawn_at and (made.withdrawn_reason, made.withdrawn_evidence) == (
        "患者要求",
        "申请书，柜 4",
    )
    line = next(
        x
        for x in audit_lines(AuditFilter(person=w.person), None, 20)
        if x["code"] == "consent:directive:withdraw"
    )  # type: ignore[arg-type]
    assert line["detail"] == "患者要求 · 申请书，柜 4"
    page = clerk.get(f"/person/{w.person}/consent/", headers=ENGLISH).content.decode()
    assert "Withdrawn because: 患者要求 · 申请书，柜 4" in page
    assert (
        signed_in(alliance.make_staff(alliance.make_hospital("far"), Role.CLERK))
        .get(address)
        .status_code
        == 403
    )


def test_an_undoing_says_why(w: World) -> None:
    stranger = w.hold.create(make_patient(make_unique_name()))
    one, two = (
        SourcePatient.objects.filter(person=w.person).order_by("pk")[0],
        SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1]),
    )
    joined = do_join_persons(
        one.pk,
        two.pk,
        acting=alliance.get_staff_principal(alliance.make_staff(w.b, Role.CLERK, wide=True)),
        others=[alliance.make_alliance_curator()],
    )
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    back = f"/person/{one.home}/identity/"
    ask = clerk.get(f"/decisions/{joined.pk}/undo/?back={back}", headers=ENGLISH).content.decode()
    assert "Undo this decision?" in ask and f'value="{back}"' in ask
    assert (
        'value="/reviews/"'
        in clerk.get(
            f"/decisions/{joined.pk}/undo/?back=https://elsewhere/", headers=ENGLISH
        ).content.decode()
    ), "nobody is led elsewhere"
    assert (
        clerk.post(f"/decisions/{joined.pk}/undo/", {"back": back}).status_code == 200
        and not Decision.objects.get(pk=joined.pk).undone_by_id
    )
    assert (
        clerk.post(f"/decisions/{joined.pk}/undo/", {"back": back, "note": "两人同名"}).status_code
        == 302
    )
    undone = Decision.objects.get(pk=joined.pk).undone_by
    assert undone is not None and undone.note == "两人同名"
    assert any(
        x["detail"].endswith("两人同名")
        for x in audit_lines(AuditFilter(), None, 10)
        if x["target"] == f"decision/{undone.pk}"
    )
    assert (
        signed_in(alliance.make_staff(alliance.make_hospital("far"), Role.CLERK))
        .get(f"/decisions/{joined.pk}/undo/")
        .status_code
        == 403
    )


def test_the_line_that_records_are_withheld_stands_only_where_it_is_true(w: World) -> None:
    """Known at another hospital too: yes. Known only here, though the other hospital holds other
    patients: no.
    """
    alone = w.ask.create(make_patient(make_unique_name()))
    person = SourcePatient.objects.get(hospital=w.a, fhir_id=alone.split("/")[1]).person_id
    doctor = signed_in(alliance.make_staff(w.a))

    def notice(about: object) -> str:
        page = doctor.get(f"/person/{about}/", headers=ENGLISH).content.decode()
        found = re.search(r'<details class="note hidden">.*?</details>', page, re.S)
        return found.group() if found else ""

    assert (
        notice(person) == ""
        and "If you are treating them, confirm it." in notice(w.person)
        and f"/person/{w.person}/treat/" in notice(w.person)
        and "no current treatment here known" in notice(w.person)
    )
    related(w)
    assert (
        "has not yet decided" in notice(w.person)
        and f"/person/{w.person}/consent/" in notice(w.person)
        and "/treat/" not in notice(w.person)
        and "patient not asked yet" in notice(w.person)
    )
    Directive.objects.filter(pk=w.permit().pk).update(verified_at=None)
    told = notice(w.person)
    assert "consent waits for verification" in told and "not asked yet" not in told
    w.permit()
    page = doctor.get(f"/person/{w.person}/", headers=ENGLISH).content.decode()
    assert notice(w.person) == "" and "if there are any, are shown only with the patient" in page, (
        "no warning, but a word about what the consent leaves out"
    )
    record_choice(
        person,
        sources=source_patients.sources_of_person(person),
        acting=w.doctor,
        effect="deny",
        recipient_id=w.a.pk,
    )
    assert "has refused" in notice(person) and "refused by the patient" in notice(person), (
        "a refusal is told by itself, whether or not anybody else knows the patient"
    )


def test_an_emergency_says_how_long_it_lasts(w: World) -> None:
    doctor = alliance.make_staff(w.a)
    page = signed_in(doctor)
    opened = do_break_glass(
        w.person,
        ground="rescue",
        reason="unconscious",
        hours=1,
        acting=alliance.get_staff_principal(doctor),
    )  # type: ignore[arg-type]
    for tab in ("", "results/"):
        text = page.get(f"/person/{w.person}/{tab}", headers=ENGLISH).content.decode()
        assert re.search(
            rf"Emergency access is active</b>\s*until {timezone.localtime(opened.until):%H:%M}"
            r" \((59|60) min left\)",
            text,
        )
    assert (
        "End the emergency access?"
        in page.get(f"/person/{w.person}/emergency/close/", headers=ENGLISH).content.decode()
    )
    assert (
        page.post(f"/person/{w.person}/emergency/close/").status_code == 302
        and "is active" not in page.get(f"/person/{w.person}/", headers=ENGLISH).content.decode()
    )


def test_codes_are_told_in_words(w: World) -> None:
    related(w)
    signed_in(alliance.make_staff(w.a)).get(f"/person/{w.person}/")
    do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    w.permit()
    w.read(w.sensitive)
    auditor = signed_in(alliance.make_staff(w.a, Role.AUDITOR, wide=True))
    for language in ("en", "zh-hans"):
        page = auditor.get(
            f"/audit/?person={w.person}", headers={"Accept-Language": language}
        ).content.decode()
        seen = re.sub(
            r"<details>.*?</details>",
            "",
            re.search(r"<tbody>.*</tbody>", page, re.S).group(),
            flags=re.S,
        )  # type: ignore[union-attr]
        seen = re.sub(r'(href|class)="[^"]*"', "", seen)
        for code in (
            "alliance/record",
            "face",
            "directive/",
            "emergency/",
            "no_consent",
            "sensitive<",
            "rescue 1h",
            "client ",
            "records:",
            "consent:",
        ):
            assert code not in seen, code
    assert (
        "shared record"
        in auditor.get(f"/audit/?person={w.person}", headers=ENGLISH).content.decode()
    )
