"""Settings from the environment only. Anything unsafe in production stops the start with a sentence that says why."""

import datetime as dt
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("TOIYA_VAR", BASE_DIR / "var"))


def env(name: str, default: str = "") -> str:
    """The variable, or the content of the file that NAME_FILE names."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        return Path(file).read_text().strip()
    return os.environ.get(name, default)


MODE = env("TOIYA_MODE", "production")
if MODE not in {"production", "sandbox", "demo"}:
    message = f"TOIYA_MODE is “{MODE}”; it must be production, sandbox or demo."
    raise ImproperlyConfigured(message)
IS_PRODUCTION = MODE == "production"
HAS_MAILBOX = not IS_PRODUCTION
SHOWS_CODES = MODE == "demo"

ORIGIN = env("TOIYA_ORIGIN", "" if IS_PRODUCTION else "http://localhost:8000").rstrip("/")
_origin = urlsplit(ORIGIN)
if not _origin.hostname or _origin.path:
    message = (
        f"TOIYA_ORIGIN is “{ORIGIN}”; it must be the address people use, like https://partners.example.com."
    )
    raise ImproperlyConfigured(message)
if IS_PRODUCTION and _origin.scheme != "https":
    message = f"TOIYA_ORIGIN is “{ORIGIN}”; in production it must begin with https://."
    raise ImproperlyConfigured(message)
IS_TLS = _origin.scheme == "https"
# Names by which programs reach this installation that cannot be told another address (docs/clients.md).
OTHER_HOSTS = [name.strip().lower() for name in env("TOIYA_OTHER_HOSTS").split(",") if name.strip()]
if any(not name.replace("-", "").replace(".", "").isalnum() for name in OTHER_HOSTS):
    message = (
        f"TOIYA_OTHER_HOSTS is “{env('TOIYA_OTHER_HOSTS')}”; it must be host names with commas between them."
    )
    raise ImproperlyConfigured(message)
ALLOWED_HOSTS = [
    _origin.hostname,
    *([] if IS_TLS else ["127.0.0.1", "localhost"]),
    *OTHER_HOSTS,
]
CSRF_TRUSTED_ORIGINS = [ORIGIN]

SECRET_KEY = env(
    "TOIYA_SECRET_KEY", "" if IS_PRODUCTION else "demo only: this key signs nothing of value anywhere else"
)
MINIMUM_KEY_LENGTH = 50
if len(SECRET_KEY) < MINIMUM_KEY_LENGTH:
    message = (
        f"TOIYA_SECRET_KEY has {len(SECRET_KEY)} characters, not at least {MINIMUM_KEY_LENGTH} random ones."
    )
    raise ImproperlyConfigured(message)
DEBUG = False


def database(url: str) -> dict[str, object]:
    """Django's settings for ``sqlite:///path`` or ``postgresql://user:password@host:port/name``."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = (
            Path(unquote(parts.path[1:]))
            if parts.path.startswith("//")
            else VAR / unquote(parts.path.lstrip("/"))
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path),
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 60,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                "PRAGMA mmap_size=134217728;",
            },
            "TEST": {"NAME": str(VAR / "test" / "test.sqlite3")},
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "toiya.core.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"server_side_binding": True, "prepare_threshold": 1},
        }
    message = f"TOIYA_DATABASE_URL begins with “{parts.scheme}:”; it must begin with sqlite: or postgresql:."
    raise ImproperlyConfigured(message)


DATABASES = {"default": database(env("TOIYA_DATABASE_URL", "sqlite:///toiya.sqlite3"))}
# Whom the tables belong to, where that is somebody else than the role that serves and works: for `toiya migrate` only.
_owner_url = env("TOIYA_DATABASE_OWNER_URL")
DATABASE_OWNER = database(_owner_url) if _owner_url else None
if DATABASE_OWNER and DATABASE_OWNER["ENGINE"] != "toiya.core.postgresql":
    message = "TOIYA_DATABASE_OWNER_URL begins with sqlite:; only postgresql: has roles."
    raise ImproperlyConfigured(message)
if DATABASE_OWNER and any(
    DATABASE_OWNER[part] != DATABASES["default"][part] for part in ("ENGINE", "NAME", "HOST", "PORT")
):
    message = (
        "TOIYA_DATABASE_OWNER_URL names another database than TOIYA_DATABASE_URL; only the role may differ."
    )
    raise ImproperlyConfigured(message)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "toiya.audit",
    "toiya.mail",
    "toiya.events",
    "toiya.requests",
    "toiya.programme",
    "toiya.directory",
    "toiya.tokens",
    "toiya.relations",
    "toiya.webhooks",  # above relations: an event goes out only while the relation lives that shows it
    "toiya.membership",
    "toiya.enrolment",
    "toiya.partnerships",
    "toiya.customers",
    "toiya.fulfilment",
    "toiya.catalogue",
    "toiya.pricing",
    "toiya.licences",
    "toiya.devices",
    "toiya.subscriptions",
    "toiya.orders",
    "toiya.bulk",
    "toiya.billing",
    "toiya.sandbox",
    "toiya.web",
    "toiya.api",
    "toiya.jobs",
]
MIDDLEWARE = [
    "toiya.api.door.ApiDoor",
    "toiya.web.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "toiya.web.middleware.WhoIsActing",
    "toiya.web.middleware.ReaderLanguage",
    "django_htmx.middleware.HtmxMiddleware",
    "toiya.web.middleware.Refusals",
    "toiya.web.middleware.Access",
]
ROOT_URLCONF = "toiya.urls"
FORM_RENDERER = "toiya.web.controls.Controls"
WSGI_APPLICATION = "toiya.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "toiya/web/templates", BASE_DIR / "toiya/mail/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "toiya.web.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "toiya.web.templatetags.frames",
                "toiya.web.templatetags.kept",
                "toiya.web.templatetags.ui",
            ],
        },
    },
]

AUTH_USER_MODEL = "directory.Person"
AUTHENTICATION_BACKENDS = ["toiya.web.sign_in.backend.WorkAccountBackend"]
PASSWORD_HASHERS = ["toiya.directory.passwords.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("user_name", "name", "contact_email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "user_name"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_ADAPTER = "toiya.web.sign_in.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "toiya.web.sign_in.forms.SignInForm"}
ACCOUNT_RATE_LIMITS = False  # the exact limits of directory/sign_in.py and directory/factors.py instead
MFA_ADAPTER = "toiya.directory.factor_secrets.FactorAdapter"
MFA_FORMS = {
    "authenticate": "toiya.web.sign_in.forms.CodeForm",
    "authenticate_webauthn": "toiya.web.sign_in.forms.PasskeyForm",
}
MFA_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Toiya"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_TLS
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

SESSION_ENGINE = "toiya.directory.sessions"
SESSION_COOKIE_NAME = "__Host-toiya" if IS_TLS else "toiya"
SESSION_COOKIE_SECURE = IS_TLS
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_IDLE = dt.timedelta(minutes=30)
SESSION_ABSOLUTE = dt.timedelta(hours=12)
SESSION_COOKIE_AGE = int(SESSION_ABSOLUTE.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Host-toiya-csrf" if IS_TLS else "toiya-csrf"
CSRF_COOKIE_SECURE = IS_TLS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "toiya.web.errors.csrf_failure"
LANGUAGE_COOKIE_NAME = "__Host-toiya-language" if IS_TLS else "toiya-language"
LANGUAGE_COOKIE_SECURE = IS_TLS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
SECURE_HSTS_SECONDS = 63072000 if IS_TLS else 0
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LANGUAGE_CODE = "en"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
LOCALE_PATHS = sorted(BASE_DIR.glob("locale/*"))
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "toiya_cache"},
}
USE_TZ = True
TIME_ZONE = "UTC"
READER_TIME_ZONE = "Asia/Tokyo"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "toiya/web/static"]
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SMTP_URL = env("TOIYA_SMTP_URL")
MAIL_FROM = env("TOIYA_MAIL_FROM", f"no-reply@{_origin.hostname}")
if IS_PRODUCTION and not SMTP_URL:
    message = "TOIYA_SMTP_URL is empty; in production it must name a mail server, like smtp://user:password@host:587."
    raise ImproperlyConfigured(message)
# Names that are made up for a sandbox end in this; ".example" belongs to nobody (RFC 2606).
SANDBOX_DOMAIN = env("TOIYA_SANDBOX_DOMAIN", "sandbox.example").lower()
CHECKPOINT_FOLDER = Path(env("TOIYA_CHECKPOINTS", str(VAR / "checkpoints")))
AUDIT_KEY_FILE = os.environ.get("TOIYA_AUDIT_KEY_FILE", "")
# The operator's own key and certificate for the webhooks of partners; without them Toiya makes a pair of its own.
WEBHOOK_KEY_FILE = os.environ.get("TOIYA_WEBHOOK_KEY_FILE", "")
WEBHOOK_CERTIFICATE_FILE = os.environ.get("TOIYA_WEBHOOK_CERTIFICATE_FILE", "")
if bool(WEBHOOK_KEY_FILE) != bool(WEBHOOK_CERTIFICATE_FILE):
    message = (
        "TOIYA_WEBHOOK_KEY_FILE and TOIYA_WEBHOOK_CERTIFICATE_FILE belong together; only one of them is set."
    )
    raise ImproperlyConfigured(message)

# Calls of one application in a minute, and whether answers begin with a byte order mark (few clients can read one).
API_CALLS_PER_MINUTE = int(env("TOIYA_API_CALLS_PER_MINUTE", "3000"))
API_BYTE_ORDER_MARK = env("TOIYA_API_BYTE_ORDER_MARK") == "yes"

METRICS_TOKEN = env("TOIYA_METRICS_TOKEN")


def ports_of_this_machine(text: str) -> frozenset[tuple[str, int]]:
    """``127.0.0.1:9000, localhost:9001``: where outbound calls may go although nobody else can reach it."""
    opened = set()
    for entry in filter(None, (part.strip() for part in text.split(","))):
        host, _colon, port = entry.rpartition(":")
        if host not in {"127.0.0.1", "localhost", "::1"} or not port.isdecimal():
            message = (
                f"TOIYA_OUTBOUND_ALLOW has “{entry}”; it takes ports of this machine, like 127.0.0.1:9000."
            )
            raise ImproperlyConfigured(message)
        opened.add((host, int(port)))
    return frozenset(opened)


OUTBOUND_ALLOW = ports_of_this_machine(env("TOIYA_OUTBOUND_ALLOW"))
if IS_PRODUCTION and OUTBOUND_ALLOW:
    message = "TOIYA_OUTBOUND_ALLOW opens ports of this machine to outbound calls; it is for tests and the demo only."
    raise ImproperlyConfigured(message)

SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING_CONFIG = "toiya.core.log.configure_logging"
LOGGING = {
    "as_json": MODE != "demo",
    "level": env("TOIYA_LOG_LEVEL", "WARNING" if MODE == "demo" else "INFO"),
}
