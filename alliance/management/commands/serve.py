"""Serve the site: bring the database to this release, then run web, worker and sealer until Ctrl-C."""

import socket
import threading
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from alliance.config import supervisor
from alliance.config.database import keep_running
from alliance.config.environment import setting
from alliance.config.guard import web_may_connect
from alliance.config.walls import account_wall, clock_wall
from alliance.demo import accounts


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = setting("XINGLIN_BIND"), setting("PORT")
        site = self.bound(host, port)
        call_command("setup")
        if settings.DEMO:
            accounts.load()
        web_may_connect()
        if not (account := account_wall()).ok:
            self.stderr.write(f"{account.says}. {account.mend[0].upper()}{account.mend[1:]}.")
        with connection.cursor() as cursor:
            if not (clock := clock_wall(cursor)).ok:
                self.stderr.write(f"This machine's clock is {clock.says}: {clock.mend}.")
        connection.close()
        local = f"http://127.0.0.1:{port}"
        supervisor.supervise(site, lambda: self.ready(local), keep_running)
        self.stdout.write("stopped")

    def bound(self, host: str, port: int) -> socket.socket:
        """The socket of the site; it does not listen yet."""
        site = socket.socket()
        site.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            site.bind((host, port))
        except OSError as error:
            site.close()
            raise CommandError(f"Port {port} on {host} is taken ({error.strerror}). Choose another: PORT=8010 make run") from error
        return site

    def ready(self, url: str) -> None:
        self.stdout.write(f"\nXinglin 杏林 serves {url}\n")
        if settings.DEMO:
            self.stdout.write(accounts.sheet())
            threading.Thread(target=call_command, args=("demo_records", f"--url={url}"), daemon=True).start()
        self.stdout.flush()
