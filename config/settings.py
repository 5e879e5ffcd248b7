"""Every setting of the site, with the values that are right for one machine; `environment` says what may be changed."""

from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import assets, database, environment

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = environment.folder("VAR_DIR", default=BASE_DIR / "var")  # all that the site writes, the database apart

# --- who runs the site ---------------------------------------------------------------------------------------------

DEBUG = environment.flag("DEBUG", default=False)
DEMO = environment.flag("DEMO", default=False)  # `make serve` asks for 1
SECRET_KEY = environment.secret_key(VAR_DIR / "secret_key")
PUBLIC_URL = environment.web_address("PUBLIC_URL", schemes=("https", "http")).rstrip("/")
ALLOWED_HOSTS = environment.host_names("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# What finds cases and completes senders' keys: outside the database and its backups.
PEPPERS_FILE = environment.folder("PEPPERS_FILE", default=VAR_DIR / "peppers.json")
EXIT_URL = environment.web_address("EXIT_URL", default="https://fr.wikipedia.org/")

# Legal notice. Empty values are shown as "to be filled in before opening".
PUBLISHER = {
    "name": environment.text("PUBLISHER_NAME"),
    "address": environment.text("PUBLISHER_ADDRESS"),
    "phone": environment.text("PUBLISHER_PHONE"),
    "director": environment.text("PUBLISHER_DIRECTOR"),
}
HOSTING_PROVIDER = environment.text("HOSTING_PROVIDER")

# --- what it is made of --------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "procrastinate.contrib.django",
    "config",
    "accounts",
    "resources",
    "referrals",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.leave_no_trace",
    # Compressing pages that hold a secret next to chosen text would let that secret be guessed (BREACH).
    # Public pages hold none: no session, no token, nothing that belongs to one visitor.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.language_of_the_path",
    "django.middleware.common.CommonMiddleware",
    "config.middleware.same_origin_posts",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "config.assets.in_templates",
            ],
        },
    },
]

DATABASES = {"default": database.from_environment(VAR_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- languages and dates -------------------------------------------------------------------------------------------

LANGUAGE_NAMES = {
    "fr": "Français",
    "en": "English",
    "es": "Español",
    "ro": "Română",
    "ar": "العربية",
    "pt": "Português",
}
LANGUAGES = [
    (code, LANGUAGE_NAMES[code]) for code in environment.subset("LANGUAGES", default="fr,en", allowed=LANGUAGE_NAMES)
]
LANGUAGE_CODE = "fr"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True

# --- static files: names with a fingerprint, compressed, kept by browsers for ever ----------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- what a browser may do with our pages ---------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [assets.style_source()],
        "script-src": [assets.script_source()],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PUBLIC_URL.startswith("https://"):
    # Whatever ends TLS in front of the site must set X-Forwarded-Proto itself, and never pass on a visitor's.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
# W003 asks for Django's form tokens, which need a cookie: `same_origin_posts` does their work without one.
SILENCED_SYSTEM_CHECKS = ["security.W003"]

# Nobody sends files here; what comes all the same never touches the disk.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024

# --- programs that read the site -----------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],  # closed unless a view opens itself
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "resources.api.errors",
    "UNICODE_JSON": True,
    "URL_FORMAT_OVERRIDE": None,  # `format=ndjson` is a parameter of HSDS, not the name of a renderer
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Éclaircie",
    "DESCRIPTION": _("Annuaire vérifié d’adresses et de lignes d’écoute en Île-de-France."),
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- logs: what went wrong and where, never who came or what they wrote ----------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "config.logs.WithoutValues", "format": "{levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django's own handlers print values or send mail: everything goes through ours.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # A page that does not exist is somebody's visit, not our fault.
        "django.request": {"level": "ERROR"},
        # A refused host or form names what the visitor sent.
        "django.security": {"level": "CRITICAL"},
    },
}
