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
SECRET_KEY = environment.secret_key(VAR_DIR / "secret_key")
PUBLIC_URL = environment.site_address("PUBLIC_URL")
# In the links of mails. Passkeys belong to a name: on an address in figures they do not work.
SITE_URL = PUBLIC_URL or f"http://localhost:{environment.listening_port()}"
ALLOWED_HOSTS = environment.host_names("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
DEMO = environment.demonstration(public_url=PUBLIC_URL, hosts=ALLOWED_HOSTS)  # `make serve` asks for 1
DEMO_DIR = VAR_DIR / "demo"  # sign-ins and mail of the demonstration
# What finds cases and completes senders' keys: outside the database and its backups.
PEPPERS_FILE = environment.folder("PEPPERS_FILE", default=VAR_DIR / "peppers.json")

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
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
    "pgtrigger",
    "pghistory",
    "config",
    "accounts",
    "resources",
    "referrals",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.leave_no_trace",
    "config.middleware.everything_is_utf8",
    "config.middleware.public_gzip",
    "csp.middleware.CSPMiddleware",
    "config.middleware.staff_headers",
    "config.middleware.language_of_the_path",
    "config.middleware.staff_sessions",
    "django.middleware.common.CommonMiddleware",
    "config.middleware.same_origin_posts",
    "config.middleware.staff_form_tokens",
    "config.middleware.staff_accounts",
    "config.middleware.staff_messages",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.staff_gate",
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
                "config.staff.in_templates",
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

# --- the staff area: sessions, sign-in with a second factor (accounts/) ---------------------------------------------

IS_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_NAME = "espace"
SESSION_COOKIE_PATH = "/espace/"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
# Strict would lose the session of who follows an invitation or a reset from a webmail: it opens on a redirection.
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 10 * 3600  # in the database; accounts.stay ends it earlier
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "espace_forms"
CSRF_COOKIE_PATH = "/espace/"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = None
CSRF_FAILURE_VIEW = "config.staff.form_refused"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# What limits count, shared by all web processes: with a memory in each, a code would work once in each.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_counter",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "staff_home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]  # nobody signs up; allauth checks that it fits
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation has reached the address
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# By account, never by IP address. Short: nobody who knows an address can keep its owner out for more than a minute, and
# a password of twelve characters does not fall to five guesses a minute, still less with a second factor behind it.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": "5/m/key",
    "signup": None,
    "reset_password": "3/h/key",
    "reset_password_from_key": None,
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
    "manage_email": None,
    "request_login_code": None,
    "confirm_email": None,
    "change_phone": None,
    "verify_phone": None,
}
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # see ACCOUNT_EMAIL_VERIFICATION
MFA_FORMS = {"authenticate": "accounts.forms.CodeOnce", "reauthenticate": "accounts.forms.CodeOnceAgain"}
MFA_TOTP_PERIOD = 30
MFA_TOTP_TOLERANCE = 1  # telephones whose clock is half a minute off
MFA_RATE_LIMITS = {"webauthn_login": None}

# --- mail: without a server, nothing is sent and the log says so -----------------------------------------------------

EMAIL_HOST = environment.host_name("EMAIL_HOST")
EMAIL_PORT = environment.port("EMAIL_PORT", default=25)
EMAIL_HOST_USER = environment.text("EMAIL_USER")
EMAIL_HOST_PASSWORD = environment.secret("ECLAIRCIE_EMAIL_PASSWORD") or ""
EMAIL_PROTECTION = environment.choice("EMAIL_TLS", default="none", allowed=("none", "starttls", "tls"))
EMAIL_USE_TLS = EMAIL_PROTECTION == "starttls"
EMAIL_USE_SSL = EMAIL_PROTECTION == "tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.mail_address("EMAIL_FROM", default="Éclaircie <ne-pas-repondre@localhost>")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "config.mail.NoServer"

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
    (code, LANGUAGE_NAMES[code])
    for code in environment.subset("LANGUAGES", default="fr,en", allowed=LANGUAGE_NAMES, needed="fr")
]
LANGUAGE_CODE = "fr"
LANGUAGE_COOKIE_NAME = ""  # no cookie chooses a language
# Where Quitter leads, by language: a site of everybody, light, without a wall before it or anything personal on it.
EXIT_URLS = environment.exits(code for code, _name in LANGUAGES)
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True

# --- static files: names with a fingerprint, compressed, kept by browsers for ever ----------------------------------

STATIC_URL = "/static/"
BUNDLES_DIR = (
    BASE_DIR / "frontend" / "dist"
)  # requirements/bundles.sh; where nothing is built, pages seal on the server
STATICFILES_DIRS = [folder for folder in (BASE_DIR / "static", BUNDLES_DIR) if folder.is_dir()]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "config.static_files.Fingerprinted"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- what a browser may do with our pages ---------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": assets.style_sources(),
        "script-src": assets.script_sources(),
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
if IS_HTTPS:
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
    "ENUM_NAME_OVERRIDES": {"NeedEnum": "resources.vocabulary.Need"},
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
        # Ids of passkeys.
        "fido2": {"level": "WARNING"},
        # A page that does not exist is somebody's visit, not our fault.
        "django.request": {"level": "ERROR"},
        # Each job that is queued and done.
        "procrastinate": {"level": "WARNING"},
        # A refused host or form names what the visitor sent.
        "django.security": {"level": "CRITICAL"},
    },
}
