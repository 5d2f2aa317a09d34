"""From where a reader goes on whose cursor was given in an earlier epoch of the database
(records/requests/feed_resume.py).
"""

import datetime as dt

import pytest

from alliance.database.epoch import EpochStep
from consent.terms import Scope
from records.fhir.issues import Gone
from records.requests.feed_resume import move_through_epochs, select_later_epochs
from records.search import cursors

HERE = "http://x/fhir/h/_history"
AT = dt.datetime(2026, 5, 3, 2, 0, tzinfo=dt.UTC)
PROMOTED, AGAIN = EpochStep(2, 100, False, None), EpochStep(3, 90, False, None)
RESTORED, LONG_AGO = EpochStep(4, 200, True, AT), EpochStep(2, 0, True, None)


@pytest.mark.parametrize(
    ("position", "later", "goes_on_from"),
    [
        (["250", 7, 2], [], ["250", 7, 2]),
        (["99", 7, 2], [PROMOTED], ["99", 7, 2]),
        (["100", 7, 2], [PROMOTED], ["100", 0, 0]),
        (["250", 7, 2], [PROMOTED], ["100", 0, 0]),
        (["250", 7, 2], [PROMOTED, AGAIN], ["90", 0, 0]),
        (["250", 7], [PROMOTED], ["100", 0]),  # of the identities' feed
        (["9", 7, 2], [EpochStep(2, 10, False, None)], ["9", 7, 2]),  # as numbers, not as texts
        (["199", 9, 9], [RESTORED], ["199", 9, 9]),  # had read nothing of what was lost
        (["150", 1, 1], [PROMOTED, RESTORED], ["100", 0, 0]),
        (["0", 0, 0], [LONG_AGO], ["0", 0, 0]),
    ],
)
def test_a_reader_is_led_back_to_where_the_epochs_parted(
    position: list[object], later: list[EpochStep], goes_on_from: list[object]
) -> None:
    assert move_through_epochs(position, later, HERE) == goes_on_from


@pytest.mark.parametrize(
    ("position", "later", "says"),
    [
        (["200", 1, 1], [RESTORED], f"{HERE}?_since=2026-05-03T02%3A00%3A00.000Z and go on"),
        (
            ["250", 1],
            [PROMOTED, RESTORED],
            "changes since 2026-05-03T02:00:00.000Z may have been taken back",
        ),
        (["1", 1, 1], [LONG_AGO], f"from its beginning, {HERE}"),
    ],
)
def test_whoever_has_read_what_is_no_more_is_told(
    position: list[object], later: list[EpochStep], says: str
) -> None:
    with pytest.raises(Gone) as told:
        move_through_epochs(position, later, HERE)
    assert says in told.value.issues[0].says


FIRST, SECOND, THIRD = (
    EpochStep(1, 0, False, None, "a"),
    EpochStep(2, 50, True, AT, "b"),
    EpochStep(3, 60, False, None, "c"),
)


@pytest.mark.parametrize(
    ("steps", "of", "began", "led_through"),
    [
        ([FIRST, SECOND], 1, "", [SECOND]),
        ([FIRST, SECOND], 2, "b", []),
        ([FIRST, SECOND, THIRD], 2, "b", [THIRD]),
        ([FIRST, SECOND], 2, "other", [SECOND]),  # the same backup, restored twice
        ([FIRST, SECOND, THIRD], 2, "other", [SECOND, THIRD]),
        ([FIRST, SECOND], 5, "later", [SECOND]),  # a database that went further has given it
    ],
)
def test_a_cursor_of_another_database_of_the_same_past_is_led_from_where_they_parted(
    steps: list[EpochStep], of: int, began: str, led_through: list[EpochStep]
) -> None:
    assert select_later_epochs(steps, of, began) == led_through


def test_a_cursor_names_its_epoch_and_those_of_earlier_releases_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cursors, "cursor_binding", lambda *_: "bound")
    scope: Scope = None  # type: ignore[assignment]
    assert cursors.read_feed_cursor(
        scope, HERE, cursors.write_feed_cursor(scope, HERE, ["5", 1, 2], 3, "m")
    ) == (["5", 1, 2], 3, "m")
    assert cursors.read_feed_cursor(
        scope, HERE, cursors.write_cursor(scope, HERE, ["5", 1, 2])
    ) == (["5", 1, 2], 1, "")
    assert cursors.read_cursor(
        scope, HERE, cursors.write_feed_cursor(scope, HERE, ["5", 1, 2], 1, "m")
    ) == ["5", 1, 2], "read by an earlier release, too"
