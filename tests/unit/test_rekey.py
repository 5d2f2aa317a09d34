"""The rules by which registrations get their keys have a version: registrations that an older
release keyed get new ones only where it is raised.
"""

import hashlib
from itertools import pairwise

from records.mpi.index.rekey import KEY_VERSION
from records.mpi.matching import blocking
from records.mpi.matching.profile import Demographics, build_profile
from records.mpi.matching.rules import name_keys
from records.mpi.matching.rules.pinyin_reading import reading_table

# (VERSION of records/mpi/index/rekey.py, digest of what the rules make). Where the digest is
# another one, registrations would get other keys than they have: raise VERSION by one and write the
# new pair here.
KEYED = (4, "c8511b8bab8ceb40")
NAMES = (
    "王丽之子A",
    "王丽双胎大",
    "欧阳若川",
    "阿卜杜热合·买买提依",
    "曾晟 乐",
    "王强（小）",
    "萧万长",
    "髙戶靑青",
    "刘\ue863\ue863",
    "张偉明",
    "Jianguo WANG",
    "Nurgül O’Connor-Šimůnková",
    "lyu lü lv",
    "Baby of Wang Li B",
    "John A Smith Jr",
    "wang2 xiao3 ming2",
    "无名氏",
    "王**",
    "李晶思女",
)
REGISTRATIONS = (
    Demographics(
        "王建国",
        "male",
        "1958-03-12",
        "110105195803120019",
        ("permit:H1234567890", "health-record:43010419"),
        "4301887342",
        "０７３１-88912345",
        "芙蓉路12号3栋201室",
        registered="2026-01-01",
    ),
    Demographics(
        "吕绿",
        "2",
        "1949-10-01",
        "",
        (),
        "",
        "+86 13912345670",
        "长沙市灰汤镇狮桥村十八组117号",
        former=("吕红",),
    ),
    Demographics(
        "杨静之子",
        "male",
        "2025-03-12",
        guardian="杨静",
        guardian_number="110105199003120015",
        order=2,
        registered="2025-03-13",
        phone="13912345670",
    ),
    Demographics(
        "Anna Maria Smith",
        "female",
        "1971-5-6",
        address="Flat 5, 12 Furong Road, Changsha 410000",
        papers=("PPN:E12345678",),
    ),
    Demographics("李强", "m", "1970-01-01", "110105491231002", address="湘雅家园13栋2单元3002室"),
)


def made() -> str:
    """Of every character that has readings of its own, every tenth other one beside another, and
    registrations that say all that can be said.
    """
    known = reading_table()
    names = [
        *NAMES,
        *(f"{pair}思" for pair in known["compound"]),
        *(f"{c}思" for c in known["family"]),
        *(f"王{c}" for c in known["other"]),
    ]
    names += [f"{a}{b}" for a, b in pairwise(map(chr, range(0x4E00, 0xA000, 10)))]
    found = hashlib.sha256()
    for name in names:
        found.update(
            repr(
                (
                    name,
                    sorted(name_keys.name_search_keys(name).items()),
                    sorted(
                        blocking.blocking_keys(
                            build_profile(Demographics(name, "male", "1958-03-12"))
                        )
                    ),
                )
            ).encode()
        )
    for words in REGISTRATIONS:
        p = build_profile(words)
        found.update(
            repr((sorted(blocking.blocking_keys(p)), sorted(blocking.household_keys(p)))).encode()
        )
    return found.hexdigest()[:16]


def test_other_keys_need_another_version() -> None:
    assert (KEY_VERSION, made()) == KEYED, (
        "the rules make other keys than registrations have: raise VERSION in"
        " records/mpi/index/rekey.py, and write both here"
    )


def test_a_reading_a_fold_or_a_block_that_is_added_is_seen(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    before = made()
    changed = []
    for module, name, other in (
        (name_keys, "plain_umlaut", lambda letters: letters),
        (blocking, "name_sound_keys", lambda s: (s.sounds,)),
        (blocking, "household_keys", lambda p: set()),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, other)
            changed.append(made())
    assert len({before, *changed}) == 4 and made() == before
