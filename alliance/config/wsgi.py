"""The WSGI door, for gunicorn."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
os.environ.setdefault("XINGLIN_PROCESS", "web")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
