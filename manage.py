#!/usr/bin/env python3
"""The one command-line door of Xinglin."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            "Xinglin's environment is not built yet: run `make install`, then use .venv/bin/python"
            " manage.py …"
        )
    from alliance.config.startup import begin_process
    from alliance.platform.database_away import ReadOnlyServer
    from alliance.platform.environment import StartRefused
    from alliance.server import single_part

    try:
        if part := single_part.part_from_arguments(sys.argv):
            single_part.exec_part(part)
        begin_process()
        from alliance.management.command_log import log_command

        log_command(sys.argv)
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
    except ReadOnlyServer as refusal:
        sys.exit(f"The database: {refusal}. Nothing was done.")
    except StartRefused as refusal:
        if sys.argv[1:2] == ["doctor"]:
            from alliance.operations.doctor_report import print_settings_refusal

            sys.exit(print_settings_refusal(refusal, sys.argv[2:]))
        sys.exit(f"Xinglin does not start. {refusal}")
    except Exception as error:
        from alliance.server.operator_errors import explain_operator_error

        if not (said := explain_operator_error(error)):
            raise
        sys.exit(said)
