"""The WSGI door, for gunicorn."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
os.environ.setdefault("XINGLIN_PROCESS", "web")

from django.core.wsgi import get_wsgi_application

from alliance.config.connections import watch

application = get_wsgi_application()
watch()

gc.collect()
gc.freeze()  # what was loaded stays; looking through it for garbage took up to a sixth of a write
gc.set_threshold(20_000, 20, 20)
