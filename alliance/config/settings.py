"""Environment to settings. Every variable is named in docs/how-to/configure.md; a wrong value stops the start."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from alliance.config.database import configuration, owner_url, web_url
from alliance.config.home import ROOT, home, secret

BASE_DIR: Path = ROOT
SECRET_KEY = secret("secret_key")
INDEX_KEY = bytes.fromhex(secret("index_key"))  # keys the patient index's hashes of identifiers; lives as long as the data
AUDIT_KEY = bytes.fromhex(secret("audit_key"))  # Ed25519 seed that signs the audit log's tree heads
DEBUG = False
WEB = os.environ.get("XINGLIN_PROCESS") == "web"
ALLOWED_HOSTS = os.environ.get("XINGLIN_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
HTTPS = os.environ.get("XINGLIN_HTTPS", "0") == "1"
DEMO = os.environ.get("XINGLIN_DEMO", "0") == "1"
ROOT_URLCONF = "alliance.config.urls"
WSGI_APPLICATION = "alliance.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "alliance.User"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "alliance",
    "consent",
    "records",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "guardian",
    "rest_framework",
    "drf_spectacular",
    "procrastinate.contrib.django",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "alliance.config.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "alliance.config.middleware.plain_api",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "alliance.auth.second_factor.required",
    "alliance.config.middleware.refusals",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "alliance" / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "alliance.config.middleware.page_context",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "alliance.web.templatetags.xinglin"],
        },
    }
]

DATABASES = {"default": configuration(web_url() if WEB else owner_url(), kept=WEB)}
# Counts of failures and assertions that were used live here: a flood must not push them out before their time.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "alliance_cache", "OPTIONS": {"MAX_ENTRIES": 1_000_000}}}

AUTHENTICATION_BACKENDS = [
    "alliance.auth.backend.StaffBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "alliance.auth.backend.AccountAdapter"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "login": "60/m/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("XINGLIN_PROXIES", "0"))
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Xinglin"
MFA_TOTP_TOLERANCE = 1

SESSION_COOKIE_AGE = int(os.environ.get("XINGLIN_IDLE_SECONDS", "900"))  # GB/T 22239-2019 8.1.4.1 b: idle sessions end
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "alliance" / "config" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = home() / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "alliance" / "web" / "static"]
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
FHIR_MAX_BODY = int(os.environ.get("XINGLIN_MAX_BODY", str(64 * 1024 * 1024)))
# Origins that subscriptions may be told at: https://his.example:8443, by commas. None: nobody is called.
HOOKS = frozenset(f"{u.scheme}://{u.hostname}:{u.port or {'https': 443, 'http': 80}[u.scheme]}" for u in map(urlsplit, filter(None, os.environ.get("XINGLIN_HOOKS", "").split(","))))
FHIR_MAX_IMPORT = int(os.environ.get("XINGLIN_MAX_IMPORT", str(8 * 1024 * 1024 * 1024)))
FHIR_MAX_ENTRIES = int(os.environ.get("XINGLIN_MAX_ENTRIES", "20000"))
TOKEN_SECONDS = int(os.environ.get("XINGLIN_TOKEN_SECONDS", "3600"))
PUBLIC_URL = os.environ.get("XINGLIN_PUBLIC_URL", "")
LOCAL_URL = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"  # in what is told without a request

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["alliance.api.permissions.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "alliance.api.errors.handle",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {"TITLE": "Xinglin administration", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "alliance.config.logging.CodedFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"xinglin": {"level": "INFO"}, "django.security.DisallowedHost": {"level": "ERROR"}, "django.request": {"level": "ERROR"}},
}
PROCRASTINATE_IMPORT_PATHS = ["alliance.config.jobs"]
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
