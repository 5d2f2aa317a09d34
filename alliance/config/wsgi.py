"""The WSGI door, for gunicorn."""

import gc
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
os.environ.setdefault("XINGLIN_PROCESS", "web")

from django.core.wsgi import get_wsgi_application

from alliance.config.connections import watch
from alliance.config.environment import StartRefused
from alliance.config.front.chunked import measured
from alliance.config.start import begin

NOT_LOADED = 4  # gunicorn: the application could not be loaded; it ends, and does not try again

try:
    begin()
    application = measured(get_wsgi_application())
except StartRefused as refusal:
    sys.stderr.write(f"Xinglin does not start. {refusal}\n")
    sys.stderr.flush()
    raise SystemExit(NOT_LOADED) from None
watch()

gc.collect()
gc.freeze()  # what was loaded stays; looking through it for garbage took up to a sixth of a write
gc.set_threshold(20_000, 20, 20)
