"""The WSGI door, for gunicorn."""

import gc
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
os.environ.setdefault("XINGLIN_PROCESS", "web")

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from alliance.config.startup import begin_process
from alliance.database.connections import install_connection_check
from alliance.platform.environment import StartRefused
from alliance.server.http_server.chunked_body import measure_chunked_body

NOT_LOADED = 4  # gunicorn: the application could not be loaded; it ends, and does not try again

try:
    begin_process()
    application = measure_chunked_body(get_wsgi_application())
    get_resolver().url_patterns  # noqa: B018
except StartRefused as refusal:
    sys.stderr.write(f"Xinglin does not start. {refusal}\n")
    sys.stderr.flush()
    raise SystemExit(NOT_LOADED) from None
install_connection_check()

gc.collect()
gc.freeze()  # what was loaded stays; looking through it for garbage took up to a sixth of a write
gc.set_threshold(20_000, 20, 20)
