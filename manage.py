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
    execute_from_command_line(sys.argv)
