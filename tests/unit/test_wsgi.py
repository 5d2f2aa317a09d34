"""The site's process has loaded all that it answers with before it says that it can answer:
callers who come first wait for nothing.
"""

import json
import os
import subprocess
import sys

from tests.conftest import ROOT

ASKED = (
    "import json, sys, alliance.config.wsgi; print(json.dumps([m for m in"
    " ('records.web.record_pages', 'records.api.fhir_view', 'alliance.web.urls') if m not in"
    " sys.modules]))"
)


def test_what_is_loaded_when_it_is_ready() -> None:
    """The database is away: nothing of this needs it."""
    away = {
        **os.environ,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "XINGLIN_PROCESS": "web",
    }
    told = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=ROOT, env=away, capture_output=True, text=True
    )
    assert told.returncode == 0 and json.loads(told.stdout.splitlines()[-1]) == [], told.stderr[
        -2000:
    ]
