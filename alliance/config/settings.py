"""Environment to settings (alliance.platform.environment says what is understood). A wrong value
stops the start; reading them starts nothing and writes nothing.
"""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from alliance.database.connection_settings import (
    django_database_settings,
    format_owner_string,
    format_web_string,
)
from alliance.platform.dates import HOSPITAL_ZONE
from alliance.platform.environment import check_environment, read_setting
from alliance.platform.mail_url import parse_mail_url
from alliance.platform.state_files import ROOT, load_key, state_folder

check_environment()
BASE_DIR: Path = ROOT
SECRET_KEY = load_key("secret_key")
INDEX_KEY = bytes.fromhex(
    load_key("index_key")
)  # keys the patient index's hashes of identifiers; lives as long as the data
AUDIT_KEY = bytes.fromhex(
    load_key("audit_key")
)  # Ed25519 seed that signs the audit log's tree heads
DEBUG = False
WEB = read_setting("XINGLIN_PROCESS") == "web"
ALLOWED_HOSTS = read_setting("XINGLIN_HOSTS")
HTTPS = read_setting("XINGLIN_HTTPS")
DEMO = read_setting("XINGLIN_DEMO")
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
    "alliance.server.middleware.assign_request_id",
    "alliance.operations.request_metrics.measure_requests",
    "alliance.server.database_retry.retry_when_away",
    "alliance.server.middleware.strip_head_body",
    "alliance.server.middleware.forbid_storing",
    "django.middleware.security.SecurityMiddleware",
    "alliance.server.middleware.serve_machine_doors",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "alliance.server.middleware.PageCompression",
    "csp.middleware.CSPMiddleware",
    "alliance.server.launched_pages.serve_launched_pages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "alliance.server.browser_session.recognize_browser",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "alliance.server.middleware.redirect_whole_page",
    "alliance.server.browser_session.end_after_working_day",
    "alliance.auth.second_factor.require_second_factor",
    "alliance.auth.form_use.FormOnceMiddleware",
    "alliance.server.middleware.answer_refusals",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [
            BASE_DIR / app / "web" / "templates" for app in ("alliance", "consent", "records")
        ],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "alliance.server.middleware.page_context",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "alliance.web.templatetags.alliance_filters",
                "alliance.web.templatetags.icons",
                "consent.web.templatetags.consent_filters",
                "records.web.templatetags.records_filters",
            ],
        },
    }
]

DATABASES = {
    "default": django_database_settings(
        format_web_string() if WEB else format_owner_string(), kept=WEB
    )
}
# Counts of failures and assertions that were used live here: a flood must not push them out before
# their time.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "alliance_cache",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}

AUTHENTICATION_BACKENDS = [
    "alliance.auth.backend.StaffBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "alliance.auth.password_strength.StrengthValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "alliance.auth.backend.AccountAdapter"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # this session stays; all others of the account end
ACCOUNT_FORMS = {"user_token": "alliance.web.account_forms.ResetLinkForm"}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# Guesses are counted by alliance/auth/throttle.py: by account and place, so that they slow the
# guesser down and nobody else.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "",
    "login": "",
    "reauthenticate": "",
    "change_password": "20/h/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = read_setting("XINGLIN_PROXIES")
MFA_ADAPTER = "alliance.auth.backend.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Xinglin"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "alliance.auth.second_factor_forms.SignInCodeForm",
    "reauthenticate": "alliance.auth.second_factor_forms.StepUpCodeForm",
}

# Where mail goes out, or "": then no password is reset by mail, and there is no page for it.
MAIL = read_setting("XINGLIN_MAIL")
if MAIL:
    EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_USE_SSL = (
        parse_mail_url(MAIL)
    )
    EMAIL_TIMEOUT = 20
    DEFAULT_FROM_EMAIL = read_setting("XINGLIN_MAIL_FROM") or EMAIL_HOST_USER

SESSION_COOKIE_AGE = read_setting(
    "XINGLIN_IDLE_SECONDS"
)  # GB/T 22239-2019 8.1.4.1 b: idle sessions end
SESSION_HOURS = read_setting(
    "XINGLIN_SESSION_HOURS"
)  # a session ends after a working day, however busy it is
EMERGENCY_REVIEW_HOURS = read_setting("XINGLIN_EMERGENCY_REVIEW_HOURS")
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "alliance.web.errors.show_stale_form"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [
    "^healthz$",
    "^readyz$",
    "^metrics$",
    "^status$",
]  # asked by the machine itself, and telling nothing of anybody
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    CSRF_TRUSTED_ORIGINS = [
        f"https://{'*' if host.startswith('.') else ''}{host}" for host in ALLOWED_HOSTS
    ]
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
# Each app's words, named here so that they come before those of Django and of every library.
LOCALE_PATHS = [BASE_DIR / app / "locale" for app in ("alliance", "consent", "records")]
TIME_ZONE = HOSPITAL_ZONE.key
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = state_folder() / "static"  # made by `setup`
STATICFILES_DIRS = [BASE_DIR / "alliance" / "web" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },  # names with a hash: kept for ever
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
FHIR_MAX_BODY = read_setting("XINGLIN_MAX_BODY")
# Origins that subscriptions may be told at: https://his.example:8443, by commas. None: nobody is
# called.
HOOKS = frozenset(read_setting("XINGLIN_HOOKS"))
FHIR_MAX_IMPORT = read_setting("XINGLIN_MAX_IMPORT")
FIND_STAFF = read_setting(
    "XINGLIN_FIND_STAFF"
)  # searches an hour for people whom the searcher's hospital does not know
FIND_SYSTEM = read_setting("XINGLIN_FIND_SYSTEM")  # the same of a hospital's system
FHIR_MAX_ENTRIES = read_setting("XINGLIN_MAX_ENTRIES")
TOKEN_SECONDS = read_setting("XINGLIN_TOKEN_SECONDS")
LAUNCH = read_setting("XINGLIN_LAUNCH")
SYNC_AT_ONCE = read_setting("XINGLIN_SYNC_AT_ONCE")
# What is kept of a system's refused and waiting items.
SYNC_LETTERS = read_setting("XINGLIN_SYNC_LETTERS")
SYNC_LETTER_BYTES = read_setting("XINGLIN_SYNC_LETTER_BYTES")
PUBLIC_URL = read_setting("XINGLIN_PUBLIC_URL")
LOCAL_URL = f"http://127.0.0.1:{read_setting('PORT')}"  # in what is told without a request

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "alliance.api.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["alliance.api.permissions.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "alliance.api.errors.handle_api_error",
    "DEFAULT_SCHEMA_CLASS": "alliance.api.openapi.ApiSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Xinglin administration",
    "VERSION": "1",
    "DESCRIPTION": (
        "What administrators do on pages, as JSON: the same verbs, refusals and audit lines."
    ),
    "COMPONENT_SPLIT_PATCH": False,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "alliance.platform.log_format.make_formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "xinglin": {"level": "INFO"},
        "django.security.DisallowedHost": {"level": "ERROR"},
        "django.request": {"level": "ERROR"},
    },
}
PROCRASTINATE_IMPORT_PATHS = ["alliance.server.housekeeping"]
SILENCED_SYSTEM_CHECKS = [
    # Without TLS the site is for this machine alone: xinglin.W001 says so once, with the mend.
    "security.W004",
    "security.W008",
    "security.W012",
    "security.W016",
    # Of the hospital's domain the site has one name: what holds for the names below it, and for
    # browsers' lists of all the world, the hospital decides at its proxy.
    "security.W005",
    "security.W021",
]
