"""Families at registration: people who resemble each other, with the faults of clerks."""

import datetime as dt
import itertools
import random
from typing import Any

from tests.factories.fhir import (
    make_citizen_number,
    make_patient,
    make_reached,
    make_unique_name,
)

FIRST, DAY = dt.date(2003, 1, 2), itertools.count()
FAMILIES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
Row = tuple[str, dict[str, Any]]  # who they are, and their Patient


def household(faults: random.Random) -> list[Row]:
    """Parents and twins, or an only child: what is wrong with each registration is drawn, given
    names, days and numbers are others each time.
    """
    twins = faults.random() < 0.5
    day = FIRST + dt.timedelta(
        next(DAY)
    )  # of its own: children of one day and family name are rivals
    born = {
        who: (day - dt.timedelta(older)).isoformat()
        for who, older in {"mother": 10_000, "father": 11_000, "child": 0, "twin": 0}.items()
    }
    sexes = {"mother": "female", "father": "male", "child": "male", "twin": "male"}
    family = {"mother": faults.choice(FAMILIES), "father": faults.choice(FAMILIES)}
    family["child"] = family[faults.choice(["father", "father", "mother"])]
    family["twin"] = (
        family["child"] if faults.random() < 0.7 else family[faults.choice(["father", "mother"])]
    )
    names = {who: family[who] + make_unique_name()[1:] for who in born}
    cards = {
        who: make_citizen_number(born[who].replace("-", ""), place)
        for who, place in {"mother": 2, "father": 1, "child": 1, "twin": 3}.items()
    }
    reached = make_reached("139")
    out: list[Row] = []
    for who in ("mother", "father", "child", *(["twin"] if twins else [])):
        for _ in range(faults.randint(1, 4)):
            carded, phoned, estimated, swapped, sexless = (
                faults.random() < p for p in (0.6, 0.8, 0.1, 0.1, 0.1)
            )
            birth = born[who][:4] + "-01-01" if estimated else born[who]
            row = make_patient(
                names[who][:-1] + "□" if swapped else names[who],
                birth,
                sexes[who],
                resident=cards[who] if carded and not estimated else "",
            )
            out.append(
                (
                    who,
                    {
                        k: v
                        for k, v in (row | (reached if phoned else {})).items()
                        if k != "gender" or not sexless
                    },
                )
            )
    if faults.random() < 0.5:
        out.append(
            ("nameless", make_patient(f"{names['mother']}之子", born["child"], "male") | reached)
        )
    return out
