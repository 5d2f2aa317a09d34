"""Registrations to persons: twins, newborns, borrowed cards, namesakes; the same in whatever
order they come.
"""

import csv
import json
import random
from collections import defaultdict
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from records.mpi.matching import blocking, resolution
from records.mpi.matching.profile import Profile, profile_from_row
from records.mpi.matching.rules.resident_number import check_digit

DATA = Path(__file__).resolve().parents[3] / "shared/data/mpi-cn-dev"
FAMILY = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎"
)
GIVEN = "安宁静怡欣悦婷雅琪琳瑶佳美玲芳兰英华秀珍建国强军明辉鹏飞龙宇航浩然博文思远子轩梓涵雨泽"


def number(birth: str, male: bool, n: int) -> str:
    first = f"4301{n % 80 + 10:02d}{birth.replace('-', '')}{n % 400 * 2 + male:03d}"
    return first + check_digit(first)


def crowd(people: int = 400) -> list[dict[str, str]]:
    """Strangers, each registered at two hospitals, one of which knows no number."""
    rng = random.Random(4)
    out = []
    for n in range(people):
        male, birth = (
            rng.random() < 0.5,
            f"{rng.randrange(1940, 2015)}-{rng.randrange(1, 13):02d}-{rng.randrange(2, 29):02d}",
        )
        row = {
            "name": rng.choice(FAMILY) + "".join(rng.sample(GIVEN, 2)),
            "gender": "男" if male else "女",
            "birth_date": birth,
            "phone": f"138{n:04d}{rng.randrange(1000):04d}",
            "address": f"湘雅家园{n // 40 + 1}栋{n % 40 + 101}室",
        }
        out += [
            row | {"record_id": f"c{n}a", "hospital": "A", "id_no": number(birth, male, n)},
            row | {"record_id": f"c{n}b", "hospital": "B"},
        ]
    return out


def persons(*rows: dict[str, str]) -> dict[str, int]:
    """{record: group} of these among the crowd."""
    given = [profile_from_row(r) for r in (*crowd(), *rows)]
    done = resolution.resolve_registrations(given)
    return {p.key: g for p, g in zip(given, done.clusters.group_of, strict=True)}


def reviews(*rows: dict[str, str]) -> set[tuple[frozenset[str], str]]:
    given = [profile_from_row(r) for r in (*crowd(), *rows)]
    return {
        (frozenset((given[e.one].key, given[e.two].key)), why)
        for e, why in resolution.resolve_registrations(given).clusters.review
    }


HOME = {"phone": "13700001234", "address": "八方小区15栋903室"}


def child(
    key: str, name: str, gender: str = "男", birth: str = "2019-03-12", **more: str
) -> dict[str, str]:
    return {
        "record_id": key,
        "name": name,
        "gender": gender,
        "birth_date": birth,
        "registered_at": "2019-03-15",
        **HOME,
        **more,
    }


def test_a_crowd_of_strangers_is_told_apart_and_each_is_found() -> None:
    of = persons()
    assert all(of[f"c{n}a"] == of[f"c{n}b"] for n in range(400)) and len(set(of.values())) == 400


def test_the_same_persons_in_any_order() -> None:
    rows = [*crowd(60), child("n", "杨静之子"), child("k", "杨一诺", registered_at="2022-01-01")]
    given = [profile_from_row(r) for r in rows]

    def groups(order: list[Profile]) -> set[frozenset[str]]:
        out: dict[int, set[str]] = defaultdict(set)
        for p, g in zip(
            order, resolution.resolve_registrations(order).clusters.group_of, strict=True
        ):
            out[g].add(p.key)
        return {frozenset(g) for g in out.values()}

    first = groups(given)
    for seed in range(3):
        random.Random(seed).shuffle(given)
        assert groups(given) == first


def test_a_newborn_gets_his_name_but_not_beside_a_twin() -> None:
    named = child("k", "杨一诺", registered_at="2022-01-01", id_no=number("2019-03-12", True, 7))
    of = persons(child("n", "杨静之子", guardian_name="杨静"), named | {"guardian_name": "杨静"})
    assert of["n"] == of["k"]
    twin = child(
        "t",
        "杨一鸣",
        registered_at="2022-01-01",
        id_no=number("2019-03-12", True, 9),
        guardian_name="杨静",
    )
    of = persons(
        child("n", "杨静之子", guardian_name="杨静"), named | {"guardian_name": "杨静"}, twin
    )
    assert len({of["n"], of["k"], of["t"]}) == 3
    assert {
        why
        for pair, why in reviews(
            child("n", "杨静之子", guardian_name="杨静"), named | {"guardian_name": "杨静"}, twin
        )
        if "n" in pair
    } == {"rivals"}


def test_twins_without_numbers_stay_two() -> None:
    of = persons(
        child("a", "杨静双胎A", id_no=""),
        child("b", "杨静双胎B"),
        child("c", "杨怡红", registered_at="2022-01-01"),
        child("d", "杨怡敏", registered_at="2022-01-01"),
    )
    assert len({of["a"], of["b"]}) == 2 and of["c"] != of["d"]


def test_a_child_with_his_mothers_number_is_not_his_mother() -> None:
    card = number("1990-07-01", False, 5)
    mother = {
        "record_id": "m",
        "name": "杨静",
        "gender": "女",
        "birth_date": "1990-07-01",
        "id_no": card,
        **HOME,
    }
    of = persons(
        mother,
        child("n", "杨静之子", id_no=card),
        child("k", "杨一诺", id_no=card, registered_at="2020-01-01"),
    )
    assert of["m"] not in (of["n"], of["k"])


def test_a_borrowed_card_is_for_a_human() -> None:
    card = number("1973-09-09", False, 3)
    wife = {
        "record_id": "w",
        "name": "钱芳",
        "gender": "女",
        "birth_date": "1973-09-09",
        "id_no": card,
        **HOME,
    }
    borrowed = {
        "record_id": "h",
        "name": "吴平伟",
        "gender": "女",
        "birth_date": "1973-09-09",
        "id_no": card,
        **HOME,
    }
    of = persons(wife, borrowed)
    assert of["w"] != of["h"] and any(pair == {"w", "h"} for pair, _ in reviews(wife, borrowed))


def test_namesakes_with_two_numbers_stay_two() -> None:
    row = {"name": "卓海耀", "gender": "男", "birth_date": "1929-02-09"}
    one, two = (
        row | {"record_id": "x", "id_no": number("1929-02-09", True, 1)},
        row | {"record_id": "y", "id_no": number("1929-02-09", True, 77)},
    )
    of = persons(one, two)
    assert of["x"] != of["y"] and (frozenset({"x", "y"}), "two_numbers") in reviews(one, two)


def test_nobody_and_placeholders_meet_nobody() -> None:
    of = persons(
        *(
            {
                "record_id": f"u{i}",
                "name": "无名氏",
                "gender": "男",
                "birth_date": "1970-01-01",
                "phone": "13800000000",
                "id_no": "000000000000000000",
                "address": "不详",
            }
            for i in range(5)
        )
    )
    assert len({of[f"u{i}"] for i in range(5)}) == 5


def test_an_oversized_block_is_counted_and_nothing_widens(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [
        profile_from_row({"record_id": f"r{i}", "name": "王强", "birth_date": "1980-01-01"})
        for i in range(12)
    ]
    assert sum(map(len, blocking.find_candidate_pairs(given)[0].values())) == 66
    monkeypatch.setattr(blocking, "MAX_BLOCK_SIZE", 10)
    found, skipped = blocking.find_candidate_pairs(given)
    assert found == {} and ("sound+birth", 12) in skipped
    assert resolution.resolve_registrations(given).skipped


def evaluated(records: Path, truth: Path, *more: str) -> dict[str, object]:
    out = StringIO()
    call_command("mpi_evaluate", str(records), "--truth", str(truth), "--json", *more, stdout=out)
    return json.loads(out.getvalue())  # type: ignore[no-any-return]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, list(dict.fromkeys(k for r in rows for k in r)))
        out.writeheader()
        out.writerows(rows)
    return path


def test_the_command_says_what_was_found(tmp_path: Path) -> None:
    rows = [*crowd(50), {"record_id": "u", "name": "无名氏"}]
    records = write(tmp_path / "r.csv", rows)
    truth = write(
        tmp_path / "t.csv",
        [
            {
                "record_id": r["record_id"],
                "person_id": r["record_id"].strip("ab"),
                "linkable": "0" if r["record_id"] == "u" else "1",
            }
            for r in rows
        ],
    )
    found = evaluated(
        records,
        truth,
        "--links-out",
        str(tmp_path / "l.csv"),
        "--review-out",
        str(tmp_path / "v.csv"),
    )
    assert (found["precision"], found["recall"], found["links"]) == (1.0, 1.0, 50) and {
        "f1",
        "reviews",
        "seconds",
    } <= set(found)
    assert len((tmp_path / "l.csv").read_text().splitlines()) == 102 and (
        tmp_path / "v.csv"
    ).read_text().startswith("record_id_a,record_id_b,score")
    with pytest.raises(CommandError, match="does not say who"):
        evaluated(records, write(tmp_path / "short.csv", [{"record_id": "c1a", "person_id": "1"}]))
    with pytest.raises(CommandError, match="no column person_id"):
        evaluated(records, records)


def test_recall_of_a_group_after_review_counts_what_humans_found(tmp_path: Path) -> None:
    named = [
        child(
            key,
            name,
            registered_at="2022-01-01",
            id_no=number("2019-03-12", True, n),
            guardian_name="杨静",
        )
        for key, name, n in (("k", "杨一诺", 7), ("t", "杨一鸣", 9))
    ]
    rows = [*crowd(), child("n", "杨静之子", guardian_name="杨静"), *named]
    truth = [
        {
            "record_id": r["record_id"],
            "person_id": "k" if r["record_id"] == "n" else r["record_id"].strip("ab"),
        }
        for r in rows
    ]
    found = evaluated(write(tmp_path / "r.csv", rows), write(tmp_path / "t.csv", truth))
    assert (
        found["recall_by_group"]["newborn"],
        found["recall_by_group_after_review"]["newborn"],
    ) == (
        0.0,
        1.0,
    )  # type: ignore[index]


def test_learning_is_the_same_each_time(tmp_path: Path) -> None:
    records = write(tmp_path / "r.csv", crowd(80))
    for name in ("one", "two"):
        call_command(
            "mpi_train",
            str(records),
            "--out",
            str(tmp_path / name),
            "--name",
            "test-1",
            stdout=StringIO(),
        )
    assert (tmp_path / "one").read_bytes() == (
        tmp_path / "two"
    ).read_bytes() and b'"version": "test-1"' in (tmp_path / "one").read_bytes()


@pytest.mark.skipif(
    not DATA.exists(), reason="the labelled development set is not beside this checkout"
)
def test_the_development_set(tmp_path: Path) -> None:
    found = evaluated(
        DATA / "records.csv", DATA / "truth.csv", "--links-out", str(tmp_path / "l.csv")
    )
    assert (
        found["precision"] >= 0.9995
        and found["recall"] >= 0.865
        and found["reviews_per_1000"] <= 77
        and found["every_review_true"] >= 0.8
    )  # type: ignore[operator]
    assert found["recall_after_every_review"] >= 0.992, "what no rule may join is put to a human"  # type: ignore[operator]
    assert min(found["recall_by_group_after_every_review"].values()) >= 0.92  # type: ignore[attr-defined]
    with (tmp_path / "l.csv").open() as file:
        of = {r["record_id"]: r["person"] for r in csv.DictReader(file)}
    joined: dict[str, int] = defaultdict(int)
    with (DATA / "traps.csv").open() as file:
        for trap in csv.DictReader(file):
            joined[trap["kind"]] += of[trap["id_l"]] == of[trap["id_r"]]
    assert (
        joined["twins"] == joined["newborn_vs_parent"] == joined["same_valid_id_other_person"] == 0
    )


def test_the_report_has_every_figure_of_files(tmp_path: Path) -> None:
    rows = [*crowd(40), child("a", "杨静双胎A"), child("b", "杨静双胎B")]
    for name in ("small", "large"):
        folder = tmp_path / name
        folder.mkdir()
        given = rows if name == "large" else rows[:20]
        write(folder / "records.csv", given)
        write(
            folder / "truth.csv",
            [
                {
                    "record_id": r["record_id"],
                    "person_id": (
                        r["record_id"][:-1] if r["record_id"][0] == "c" else r["record_id"]
                    ),
                }
                for r in given
            ],
        )
    write(tmp_path / "large" / "traps.csv", [{"id_l": "a", "id_r": "b", "kind": "twins"}])
    out = StringIO()
    call_command(
        "mpi_report", str(tmp_path / "small"), "--scaled", str(tmp_path / "large"), stdout=out
    )
    table = {
        line.split(" | ")[0].strip("| "): line.split(" | ")[1:3]
        for line in out.getvalue().splitlines()
    }
    assert (
        table["twins joined"][1] == "0 of 1"
        and table["precision"] == ["1", "1"]
        and table["records"] == ["20", "82"]
        and table["precision lost for each tenfold size"][1] == "0"
    )
