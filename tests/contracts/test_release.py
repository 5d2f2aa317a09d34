"""Whoever adds a migration decides which code may go on serving."""

from alliance.database.release import DECIDED, NUMBER, SERVED_SINCE


def test_each_migration_was_thought_over() -> None:
    assert DECIDED == NUMBER, (
        "A migration came or went. Would code of the last release answer rightly over the new"
        " schema? If so raise DECIDED alone (alliance/database/release.py); if not, raise"
        " SERVED_SINCE as well: then older code stops while `setup` runs."
    )
    assert SERVED_SINCE <= NUMBER
