#!/usr/bin/env python3
"""The one command-line door of Xinglin."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Xinglin's environment is not built yet: run `make install`, then use .venv/bin/python manage.py …")
    from alliance.config.away import ReadOnlyServer
    from alliance.config.environment import StartRefused
    from alliance.config.start import begin

    try:
        begin()
        from alliance.management.watched import note

        note(sys.argv)
        execute_from_command_line(sys.argv)
    except ReadOnlyServer as refusal:
        sys.exit(f"The database: {refusal}. Nothing was done.")
    except StartRefused as refusal:
        if sys.argv[1:2] == ["doctor"]:
            from alliance.config.doctor import refused

            sys.exit(refused(refusal, sys.argv[2:]))
        sys.exit(f"Xinglin does not start. {refusal}")
