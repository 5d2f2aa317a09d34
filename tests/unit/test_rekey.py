"""The rules by which registrations get their keys have a version: registrations that an older release keyed get new ones only where it is raised."""

import hashlib
from itertools import pairwise

from records.mpi import block
from records.mpi.profile import Words, profile
from records.mpi.rekey import VERSION
from records.mpi.rules import name_key
from records.mpi.rules.reading import table

# (VERSION of records/mpi/rekey.py, digest of what the rules make). Where the digest is another one, registrations would get other keys than they have: raise VERSION
# by one and write the new pair here.
KEYED = (2, "8ec26fe76f78a025")
NAMES = (
    "王丽之子A", "王丽双胎大", "欧阳若川", "阿卜杜热合·买买提依", "曾晟 乐", "王强（小）", "萧万长", "髙戶靑青", "刘\ue863\ue863", "张偉明", "Jianguo WANG", "Nurgül O’Connor-Šimůnková", "lyu lü lv",
    "Baby of Wang Li B", "John A Smith Jr", "wang2 xiao3 ming2", "无名氏", "王**", "李晶思女")
REGISTRATIONS = (
    Words("王建国", "male", "1958-03-12", "110105195803120019", ("permit:H1234567890", "health-record:43010419"), "4301887342", "０７３１-88912345", "芙蓉路12号3栋201室", registered="2026-01-01"),
    Words("吕绿", "2", "1949-10-01", "", (), "", "+86 13912345670", "长沙市灰汤镇狮桥村十八组117号", former=("吕红",)),
    Words("杨静之子", "male", "2025-03-12", guardian="杨静", guardian_number="110105199003120015", order=2, registered="2025-03-13", phone="13912345670"),
    Words("Anna Maria Smith", "female", "1971-5-6", address="Flat 5, 12 Furong Road, Changsha 410000", papers=("PPN:E12345678",)),
    Words("李强", "m", "1970-01-01", "110105491231002", address="湘雅家园13栋2单元3002室"))


def made() -> str:
    """Of every character that has readings of its own, every tenth other one beside another, and registrations that say all that can be said."""
    known = table()
    names = [*NAMES, *(f"{pair}思" for pair in known["compound"]), *(f"{c}思" for c in known["family"]), *(f"王{c}" for c in known["other"])]
    names += [f"{a}{b}" for a, b in pairwise(map(chr, range(0x4E00, 0xA000, 10)))]
    found = hashlib.sha256()
    for name in names:
        found.update(repr((name, sorted(name_key.keys(name).items()), sorted(block.keys(profile(Words(name, "male", "1958-03-12")))))).encode())
    for words in REGISTRATIONS:
        p = profile(words)
        found.update(repr((sorted(block.keys(p)), sorted(block.home(p)))).encode())
    return found.hexdigest()[:16]


def test_other_keys_need_another_version() -> None:
    assert (VERSION, made()) == KEYED, "the rules make other keys than registrations have: raise VERSION in records/mpi/rekey.py, and write both here"


def test_a_reading_a_fold_or_a_block_that_is_added_is_seen(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    before = made()
    changed = []
    for module, name, other in ((name_key, "plain", lambda letters: letters), (block, "heard", lambda s: (s.sounds,)), (block, "home", lambda p: set())):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, other)
            changed.append(made())
    assert len({before, *changed}) == 4 and made() == before
