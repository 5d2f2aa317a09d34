"""The first steps of every process: nobody else reads its files, and a part of the site does not start with settings, keys or a database role that are not safe."""

import os

import django

PRIVATE = 0o077


def begin() -> None:
    """Raises StartRefused."""
    os.umask(PRIVATE)
    if os.environ.get("XINGLIN_PROCESS"):
        django.setup()
        from alliance.config.guard import stand

        stand()
        if os.environ["XINGLIN_PROCESS"] == "worker":
            from alliance.config.jobs import catch_up

            catch_up()
