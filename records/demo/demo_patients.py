"""Invented people: believable names, valid citizen numbers of a region that does not exist.
Seeded, so every demo is the same.
"""

import datetime as dt
import random
from dataclasses import dataclass

from records.mpi.matching.rules.resident_number import check_digit

FAMILY_NAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗"
MALE = ("伟", "建国", "志强", "德明", "文斌", "海涛", "国庆", "立新", "子轩", "卫东")
FEMALE = ("秀英", "桂兰", "丽华", "敏", "静怡", "春梅", "玉珍", "晓燕", "雨桐", "淑芬")
NOWHERE = "999"  # no province of GB/T 2260 begins so
DEMO_SEED = 20260101


@dataclass(frozen=True, slots=True)
class DemoPatient:
    key: str
    name: str
    gender: str
    born: dt.date
    number: str
    phone: str
    story: str
    hospitals: tuple[str, ...]


STORIES = ("diabetes", "hypertension", "copd", "kidney", "heart", "depression")


def make_demo_patients(count: int = 30) -> list[DemoPatient]:
    rng = random.Random(DEMO_SEED)
    members = ["donghu", "beishan", "nanqiao"]
    out = []
    for i in range(count):
        gender = rng.choice(("male", "female"))
        given = rng.choice(MALE if gender == "male" else FEMALE)
        born = dt.date(1938, 1, 1) + dt.timedelta(days=rng.randrange(55 * 365))
        first = (
            f"{NOWHERE}{rng.randrange(100, 1000)}{born:%Y%m%d}{rng.randrange(100):02d}"
            f"{rng.randrange(5) * 2 + (gender == 'male')}"
        )
        home = members[i % 3]
        hospitals = (home, "xinglin") if i % 5 else (home,)
        if i % 4 == 0:
            hospitals = (*hospitals, members[(i + 1) % 3])
        out.append(
            DemoPatient(
                f"demo-{i + 1:03d}",
                rng.choice(FAMILY_NAMES) + given,
                gender,
                born,
                first + check_digit(first),
                f"199{rng.randrange(10**8):08d}",
                STORIES[i % len(STORIES)],
                hospitals,
            )
        )
    return out
