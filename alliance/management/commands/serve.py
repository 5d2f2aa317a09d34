"""Serve the site: bring the database to this release, then run web, worker, courier and sealer
until Ctrl-C. With the name of a part: that part alone, on a database that `setup` has brought to
this release. A socket that systemd has opened is taken (systemd.socket(5)); SIGHUP, or `manage.py
reload`, goes over to the release that the start command names by then, and refuses nobody.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.db import connection

from alliance.database import release
from alliance.database.connection_guard import check_web_can_connect
from alliance.database.connection_settings import keep_embedded_running, owner_connection_string
from alliance.database.unreachable import wait_for_database
from alliance.demo import accounts
from alliance.operations.database_inspections import inspect_clock
from alliance.operations.machine_inspections import inspect_account, inspect_recovery_key
from alliance.platform.environment import StartRefused, read_setting
from alliance.platform.operator_command import OperatorCommand
from alliance.platform.state_files import ROOT
from alliance.server import home_lock, single_part, supervisor
from records.maintenance.index_fill import needs_index_fill
from records.maintenance.reindex import count_old_keys


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "part",
            nargs="?",
            choices=home_lock.SITE_PARTS,
            help=(
                "this part alone, as a process of its own: manage.py becomes it before anything"
                " else (docs/operations/systemd/)"
            ),
        )
        parser.add_argument(
            "--plan",
            type=int,
            metavar="FILE",
            help=(
                "for the supervisor of an earlier release: this one's parts, as JSON; FILE: the"
                " open file of the socket"
            ),
        )
        parser.add_argument(
            "--tree",
            default=str(ROOT),
            help="the folder that the start command names, where that leads over a link",
        )
        parser.add_argument("--python", default=sys.executable, help="the same of its Python")

    def handle(self, *args: Any, plan: int | None, tree: str, python: str, **options: Any) -> None:
        if plan is not None:
            self.stdout.write(json.dumps(self.build_plan(plan)))
            return
        port = read_setting("PORT")
        passed = single_part.take_systemd_socket()
        home_lock.claim_home()
        site = passed or single_part.bind_site_socket(read_setting("XINGLIN_BIND"), port)
        wait_for_database(owner_connection_string(), self.tell)
        call_command("setup")
        if settings.DEMO:
            try:
                accounts.load_demo_accounts()
            except accounts.DemoNotLoaded as refusal:
                raise StartRefused(str(refusal)) from refusal
        check_web_can_connect()
        if not (account := inspect_account()).ok:
            self.stderr.write(f"{account.says}. {account.mend[0].upper()}{account.mend[1:]}.")
        if read_setting("XINGLIN_BACKUP_DIR") and (
            (recovery := inspect_recovery_key()).look or not recovery.ok
        ):
            self.stderr.write(f"{recovery.says}. Mend: {recovery.mend}.")
        with connection.cursor() as cursor:
            if not (clock := inspect_clock(cursor)).ok:
                self.stderr.write(f"This machine's clock is {clock.says}: {clock.mend}.")
        connection.close()
        local = f"http://127.0.0.1:{port}"
        single_part.listen(site)
        supervisor.run_supervisor(
            site,
            lambda: self.announce_ready(local),
            keep_embedded_running,
            Path(tree),
            Path(python),
        )
        self.stdout.write("stopped")

    def tell(self, text: str) -> None:
        self.stderr.write(text)
        self.stderr.flush()

    def build_plan(self, site: int) -> dict[str, Any]:
        """refusal: why this release may not serve the database; closes: whether the last one has
        to stop first; takes_away: whether even before the migrations.
        """
        with connection.cursor() as cursor:
            row = release.fetch_recorded_release(cursor)
        refusal = release.SETUP_FIRST if row is None else release.find_newer_release_fault(row)
        takes_away = release.removes_served_schema(row)
        closes = not refusal and (takes_away or needs_index_fill() or count_old_keys()[1] > 0)
        return {
            "refusal": refusal,
            "closes": closes,
            "takes_away": takes_away,
            "parts": [
                {"name": p.name, "command": p.command, "watched": p.watched}
                for p in supervisor.list_parts(site)
            ],
        }

    def announce_ready(self, url: str) -> None:
        self.stdout.write(f"\nXinglin 杏林 serves {url}\n")
        if settings.DEMO:
            self.stdout.write(accounts.demo_account_sheet())
            threading.Thread(
                target=call_command, args=("demo_records", f"--url={url}"), daemon=True
            ).start()
        self.stdout.flush()
