"""What a curator sees of another hospital's patient: what there is to compare with."""

from records.mpi.matching.profile import Demographics
from records.web.registration_display import COMPARABLE_FIELDS, keep_comparable

OTHER = Demographics(
    "王丽",
    "female",
    "1990-02-03",
    "999***1234",
    ("permit:H***89",),
    "12***",
    "137***89",
    "芙蓉路***",
    "王*",
    "999***",
    2,
)


def test_what_ones_own_registration_says_nothing_of_stays_out() -> None:
    seen = keep_comparable(OTHER, [Demographics("王丽", phone="13712345689")])
    assert (seen.name, seen.gender, seen.birth, seen.phone) == (
        "王丽",
        "female",
        "1990",
        "137***89",
    )
    assert not any(getattr(seen, f) for f in COMPARABLE_FIELDS if f != "phone")


def test_what_both_say_is_shown() -> None:
    assert (
        keep_comparable(
            OTHER,
            [
                Demographics(phone="1", birth="1990"),
                Demographics(
                    **{
                        f: ("x",) if f == "papers" else 1 if f == "order" else "x"
                        for f in COMPARABLE_FIELDS
                    }
                ),
            ],
        )
        == OTHER
    )  # type: ignore[arg-type]
