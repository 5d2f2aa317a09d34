"""The first steps of every process: nobody else reads its files, and a part of the site does not
start with settings, keys or a database role that are not safe.
"""

import os
import sys
from pathlib import Path

import django

from alliance.platform.environment import StartRefused

PRIVATE = 0o077


def stay_in_this_release() -> None:
    """`serve` goes on from where its files really are: a link on its path may be set to another
    release while it runs, and what is imported later must not come from there. How it was started
    it is told, for its reloads.
    """
    from alliance.platform.state_files import ROOT

    given = Path(sys.argv[0]).absolute()
    if sys.argv[1:2] == ["serve"] and "--plan" not in sys.argv and given.parent != ROOT:
        python = Path(sys.executable)
        real = str(python.parent.resolve() / python.name)
        os.execv(  # noqa: S606
            real,
            [
                real,
                str(ROOT / "manage.py"),
                *sys.argv[1:],
                "--tree",
                str(given.parent),
                "--python",
                str(python),
            ],
        )


def check_secret_files() -> None:
    """Raises StartRefused where another account can read the keys."""
    from alliance.operations.machine_inspections import inspect_files

    if not (found := inspect_files()).ok:
        raise StartRefused(f"The keys lie open: {found.says}. Say `{found.mend}`.")


def begin_process() -> None:
    """Raises StartRefused."""
    os.umask(PRIVATE)
    stay_in_this_release()
    if os.environ.get("XINGLIN_PROCESS") or sys.argv[1:2] in (["serve"], ["setup"]):
        check_secret_files()
    if os.environ.get("XINGLIN_PROCESS"):
        django.setup()
        from alliance.database.connection_guard import check_database_at_start

        check_database_at_start()
        if os.environ["XINGLIN_PROCESS"] == "worker":
            from alliance.server.housekeeping import catch_up_partitions

            catch_up_partitions()
