"""Finding a patient at the page and over PDQm: names as they are written and said, numbers as
they are pasted; and a register of an older release.
"""

import re

import pytest
from django.core.management import call_command
from django.db import connection

from alliance.roles import Role
from records.facade import patient_query
from records.models import NameKey, PatientIdentifier, SourcePatient
from records.mpi.index.rekey import KEY_VERSION, RekeyedRegistration, do_rekey_registrations
from tests.factories import alliance
from tests.factories.fhir import Api, make_citizen_number, make_patient
from tests.support.browser import signed_in
from tests.support.html import Browser

NAMES = {
    "曾晟乐": [
        "zeng sheng le",
        "zengchengyue",
        "ceng sheng le",
        "Zēng Shèng Lè",
        "zeng1sheng4le4",
        "zsl",
        "z.c.y",
        "zengsl",
        "Shengle Zeng",
        "曾晟樂",
    ],
    "单茜": ["shan xi", "shanqian", "dan qian", "sq", "單茜"],
    "仇行": ["qiu xing", "qiuhang", "chou xing", "Xing Qiu"],
    "万俟莎": ["moqi sha", "mo qi suo", "moqis", "mqs", "wan si sha"],
    "吕绿雨": ["lv lv yu", "lu lu yu", "lyulyuyu", "lü lǜ yǔ", "lu:3 lu:4 yu3", "lly", "呂綠雨"],
    "朴朝重": ["piao chao zhong", "pu zhao chong", "Chaozhong Piao", "pcc"],
    "区长盖": ["ou chang gai", "ouzhangge", "qu chang gai", "區長蓋"],
    "阿卜杜热合·买买提依": [
        "阿卜杜热合买买提依",
        "阿卜杜热合•买买提依",
        "阿卜杜热合.买买提依",
        "阿卜杜热合　买买提依",
        "阿卜杜热合-买买",
        "abudurehemaimaitiyi",
    ],
    "髙戶靑青": ["高户青青", "髙戸靑靑", "gao hu qing qing"],
    "刘\ue863\ue863": ["刘䶮䶮", "liu yan yan", "刘\ue863", "lyy"],
    "Nurgül O’Connor-Šimůnková": [
        "nurgul oconnor",
        "simunkova",
        "O'Connor Simunkova Nurgul",
        "oconnorsimunkovan",
    ],
}


@pytest.fixture(scope="module")
def at(world: None):  # type: ignore[no-untyped-def]
    return alliance.make_hospital("say")


@pytest.fixture(scope="module")
def api(server: str, at) -> Api:  # type: ignore[no-untyped-def]
    return Api(server, at.code, credentials=alliance.make_credentials(at))


@pytest.fixture
def clerk(at) -> Browser:  # type: ignore[no-untyped-def]
    return signed_in(alliance.make_staff(at, Role.CLERK))


def found(browser: Browser, typed: str) -> set[str]:
    """Persons on the page."""
    return set(
        re.findall(
            r'<li><a href="/person/([0-9a-f-]{36})/',
            browser.post("/patients/", {"q": typed}, follow=True).content.decode(),
        )
    )


def test_each_way_of_saying_a_name_finds_it(api: Api, clerk: Browser) -> None:
    made = {n: api.create(make_patient(n)).split("/")[1] for n in NAMES}
    person = {
        n: str(SourcePatient.objects.get(hospital__code=api.base, fhir_id=i).person_id)
        for n, i in made.items()
    }
    for name, ways in NAMES.items():
        for typed in (name, *ways):
            assert person[name] in found(clerk, typed), (name, typed)
    for wrong in ("zeng wei", "王", "gao hu xing", "lu xi", "阿卜杜热依木"):
        assert not found(clerk, wrong) & set(person.values()), wrong
    private = "刘\ue863\ue863"
    assert api("GET", f"Patient/{made[private]}").json["name"] == [{"text": private}], (
        "the stored body is as it was sent"
    )


def test_others_patients_are_found_by_the_whole_name_in_any_reading(api: Api) -> None:
    stranger = signed_in(alliance.make_staff(alliance.make_hospital("say-2")))
    person = str(
        SourcePatient.objects.get(
            hospital__code=api.base, fhir_id=api.create(make_patient("隗覃缪重")).split("/")[1]
        ).person_id
    )
    for typed in ("隗覃缪重", "wei qin miao chong", "kuitanmouzhong", "qin miao chong wei"):
        assert person in found(stranger, typed), typed
    for typed in ("隗覃缪", "wei qin miao", "wqmc", "weiqmc"):
        assert person not in found(stranger, typed), typed


@pytest.mark.parametrize("noise", ["\u200b", "\ufeff", "\u202d", "\xa0", "–"])
def test_numbers_are_found_as_they_are_pasted(api: Api, clerk: Browser, noise: str) -> None:
    resident, mrn = make_citizen_number(), f"MZ{make_citizen_number()[-9:]}"
    noisy = {
        "resident": resident[:6] + noise + resident[6:],
        "mrn": mrn[:4] + ("" if noise in "-–" else noise) + mrn[4:],
    }
    person = str(
        SourcePatient.objects.get(
            hospital__code=api.base, fhir_id=api.create(make_patient(**noisy)).split("/")[1]
        ).person_id
    )
    for typed in (resident, mrn, noisy["resident"], noisy["mrn"], f"\u202a{resident}\u202c"):
        assert found(clerk, typed) == {person}, typed.encode("unicode_escape")
    again = api("POST", "Patient", make_patient(mrn=mrn))
    assert again.status == 409, "one hospital number, however it is written"


def test_a_number_with_a_stray_character_is_refused_and_the_character_named(api: Api) -> None:
    wrong = make_citizen_number()
    answer = api("POST", "Patient", make_patient(resident=wrong[:5] + "O" + wrong[6:]))
    assert (
        answer.status == 422
        and "Patient/identifier" in answer.says.replace(".", "/").replace("[0]", "")
        and "character 6 of it is U+004F (LATIN CAPITAL LETTER O)" in answer.says
    )
    assert wrong[7:] not in answer.says


def test_a_correction_is_cleaned_or_says_which_character_is_wrong(api: Api, clerk: Browser) -> None:
    row = SourcePatient.objects.get(
        hospital__code=api.base,
        fhir_id=api.create(make_patient(resident=make_citizen_number())).split("/")[1],
    )
    page, right = f"/person/{row.person_id}/identity/", make_citizen_number()
    for typed, says in (
        (right[:6] + "o" + right[7:], "its character 7 is U+006F (LATIN SMALL LETTER O)"),
        (f"\u202d{right[:9]}\u200b{right[9:]}", "Corrected."),
    ):
        clerk.post(
            f"{page}{row.pk}/number/",
            {"number": typed, "note": "seen the card"},
            headers={"Accept-Language": "en"},
        )
        assert says in clerk.get(page, headers={"Accept-Language": "en"}).content.decode()
    assert found(clerk, right) == {str(row.person_id)}


def test_a_register_of_an_older_release_is_found_after_setup(api: Api, clerk: Browser) -> None:
    resident, mrn = make_citizen_number(), f"旧\u200b{make_citizen_number()[-9:]}"
    old = make_patient("曾晟单行", resident=resident, mrn=mrn)
    at_first = api.create(make_patient("翟长单") | {"identifier": old["identifier"]})
    made = at_first.split("/")[1]
    assert api("PUT", f"Patient/{made}", old | {"id": made}).status == 200
    row = SourcePatient.objects.get(hospital__code=api.base, fhir_id=made)
    person, before = str(row.person_id), (row.updated_at, bytes(row.words))
    with (
        connection.cursor() as cursor
        # as the previous release had left it: pypinyin's one reading, with spaces too; a number
        # with what nobody sees
    ):
        cursor.execute("DELETE FROM records_namekey WHERE source_id = %s", [row.pk])
        cursor.execute("DELETE FROM records_matchkey WHERE source_id = %s", [row.pk])
        cursor.execute(
            "UPDATE records_patientidentifier SET digest = sha256(digest) WHERE source_id = %s AND"
            " kind = 'record'",
            [row.pk],
        )
        cursor.execute("UPDATE records_sourcepatient SET keyed = DEFAULT WHERE id = %s", [row.pk])
    for key, former in (
        ("曾晟单行", False),
        ("ceng cheng dan xing", False),
        ("翟长单", True),
        ("di zhang dan", True),
    ):
        NameKey.objects.create(
            source=row, hospital_id=row.hospital_id, key=key, whole=True, former=former
        )
    assert not found(clerk, "zeng sheng shan hang") and not found(clerk, "zhai chang dan"), (
        "the control"
    )
    call_command("setup")
    row.refresh_from_db()
    assert row.keyed == KEY_VERSION and (row.updated_at, bytes(row.words)) == before, (
        "what was sent, and when, stays"
    )
    for typed in (
        "zeng sheng dan hang",
        "zhai chang dan",
        "翟长单",
        resident,
        mrn,
        mrn.replace("\u200b", ""),
    ):
        assert found(clerk, typed) == {person}, typed
    assert (
        NameKey.objects.filter(source=row, key="ceng cheng dan xing").count() == 0
        and NameKey.objects.filter(source=row, key="zhaichangdan").get().former
    )
    kinds = sorted(PatientIdentifier.objects.filter(source=row).values_list("kind", flat=True))
    assert kinds == ["other", "other", "record", "resident"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM records_matchkey WHERE source_id = %s", [row.pk])
        assert cursor.fetchone()[0] > 5
    assert api("POST", "Patient", make_patient(mrn=mrn)).status == 409


def test_of_two_numbers_that_turn_out_to_be_one_the_older_patient_keeps_it(api: Api) -> None:
    mrn = f"MZ{make_citizen_number()[-9:]}"
    one, two = (
        SourcePatient.objects.get(
            hospital__code=api.base, fhir_id=api.create(make_patient(mrn=m)).split("/")[1]
        )
        for m in (mrn, mrn + "9")
    )
    whole = dict(PatientIdentifier.objects.filter(source=one).values_list("kind", "digest"))
    stored = RekeyedRegistration(
        two.pk, two.hospital_id, bytes(two.words), None, make_patient(mrn=mrn + "\u200b")
    )  # the previous release took it for another number
    assert do_rekey_registrations([stored]) == 1
    assert dict(PatientIdentifier.objects.filter(source=one).values_list("kind", "digest")) == whole
    assert dict(PatientIdentifier.objects.filter(source=two).values_list("kind", "digest")) == {
        "other": whole["other"]
    }, "found by it all the same"


def test_the_shared_base_is_asked_as_names_are_said() -> None:
    called = make_patient("查晟·覃重") | {"name": [{"family": "查", "given": ["晟", "覃重"]}]}
    for key, typed in (
        ("name", "zha sheng qin"),
        ("name", "chachengtanzhong"),
        ("name", "shengtanchong zha"),
        ("family", "查"),
        ("family", "zha"),
        ("given", "sheng"),
        ("given", "覃重"),
    ):
        assert patient_query.matches_name(called, key, typed), (key, typed)
    assert not patient_query.matches_name(
        called, "name", "zha qin"
    ) and not patient_query.matches_name(called, "family", "cheng")
    assert (
        patient_query.identifiers_equal("1101051949\u200b1231002x", "11010519491231002X")
        and patient_query.identifiers_equal("mz 1", "MZ1")
        and not patient_query.identifiers_equal("1", "2")
    )
