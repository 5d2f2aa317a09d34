"""Go over to the release that the start command of the running site names now (a link such as
/srv/xinglin/current), or to new settings in files, without refusing anybody; waits for the end and
says what stands. Ends with 1 where the site was not reloaded.
"""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from alliance.platform.environment import read_setting
from alliance.platform.operator_command import OperatorCommand
from alliance.platform.state_files import state_folder
from alliance.server.home_lock import find_server
from alliance.server.reload import report_file

LOOK = 0.2  # seconds


class Command(OperatorCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        before = self.read_report()
        if before["state"] == "running":
            raise CommandError("A reload is under way already.")
        if not self.is_serving(before["supervisor"]):
            raise CommandError(
                f"No site runs here any more: process {before['supervisor']}, which"
                f" {report_file(read_setting('PORT'))} names, is not its supervisor. Start the"
                " site."
            )
        try:
            os.kill(before["supervisor"], signal.SIGHUP)
        except (ProcessLookupError, PermissionError) as error:
            raise CommandError(
                f"The site's supervisor (process {before['supervisor']}) cannot be told:"
                f" {error.strerror}. Run this as the account of the site."
            ) from None
        now = before
        while now["number"] == before["number"] or now["state"] == "running":
            time.sleep(LOOK)
            if not self.is_serving(before["supervisor"]):
                raise CommandError(
                    "The site's supervisor has ended meanwhile: look at what it said, and start the"
                    " site."
                )
            now = self.read_report()
        if now["state"] != "done":
            raise CommandError(f"Not reloaded. {now['says']}")
        self.stdout.write(now["says"])

    def is_serving(self, supervisor: int) -> bool:
        """Whether the process is there and serves this home: its number may have gone to
        another. Of a supervisor of releases before the lock of the home: whether it is one that
        serves, and runs with this home.
        """
        if holder := find_server():
            return holder == supervisor
        try:
            place = Path("/proc") / str(supervisor)
            words, said = (
                (place / "cmdline").read_bytes().split(b"\0"),
                dict(
                    pair.split(b"=", 1)
                    for pair in (place / "environ").read_bytes().split(b"\0")
                    if b"=" in pair
                ),
            )
        except OSError:
            return False
        return (
            b"serve" in words
            and Path(os.fsdecode(said.get(b"XINGLIN_HOME", os.fsencode(state_folder())))).resolve()
            == state_folder()
        )

    def read_report(self) -> dict[str, Any]:
        """What the supervisor has written last. Raises CommandError where there is nothing, or
        what is no word of it.
        """
        file = report_file(read_setting("PORT"))
        try:
            found: dict[str, Any] = json.loads(file.read_text())
            if not (
                isinstance(found["supervisor"], int)
                and found["supervisor"] > 1
                and isinstance(found["number"], int)
                and isinstance(found["says"], str)
                and found["state"]
            ):
                raise ValueError
        except FileNotFoundError:
            raise CommandError(
                f"No site runs here ({file.parent}, port {read_setting('PORT')}): start it, or let"
                " XINGLIN_HOME and PORT be those of the site."
            ) from None
        except PermissionError:
            raise CommandError(
                f"{file} cannot be read: run this as the account of the site."
            ) from None
        except (ValueError, KeyError, TypeError):
            raise CommandError(
                f"{file} is not what the site's supervisor writes: restart the site, which writes"
                " it anew."
            ) from None
        return found
