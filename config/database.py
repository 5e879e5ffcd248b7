"""Which PostgreSQL the site talks to: the one that DATABASE_URL names, or the one that it starts itself in var/."""

import re
from pathlib import Path
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from config import environment, postgres

EXPECTED = "une adresse comme postgresql://nom:motdepasse@machine:5432/base"
# What Django calls each part of an address, and what PostgreSQL's own library calls it.
PARTS = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


def from_environment(var: Path) -> dict[str, Any]:
    """Django's description of the database; without DATABASE_URL, of the one whose server lives in `var`."""
    url = environment.secret("DATABASE_URL")
    if url is None:
        postgres.choose(postgres.Cluster(var / "postgresql"))
        return described({"dbname": postgres.NAME, "user": postgres.NAME}, engine="config.embedded")
    return described(parts_of(url), engine="django.db.backends.postgresql")


def parts_of(url: str) -> dict[str, str]:
    """The parts of the address in DATABASE_URL."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise environment.WrongSetting("DATABASE_URL", EXPECTED)
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        raise environment.WrongSetting("DATABASE_URL", EXPECTED) from None
    # PostgreSQL's library would name the wrong part when it fails, and that part may be half of a password.
    if "@" in parts.get("host", "") + parts.get("dbname", "") or re.search(r"[^0-9,]", parts.get("port", "")):
        raise environment.WrongSetting("DATABASE_URL", f"{EXPECTED}, avec %40 pour un @ du mot de passe, %2F pour un /")
    if "dbname" not in parts:
        raise environment.WrongSetting("DATABASE_URL", f"{EXPECTED}, avec le nom de la base")
    return parts


def described(parts: dict[str, str], *, engine: str) -> dict[str, Any]:
    """The parts in Django's shape; what Django has no name for goes to OPTIONS."""
    named = {ours: parts.pop(theirs, "") for ours, theirs in PARTS.items()}
    return {
        "ENGINE": engine,
        **named,
        # Django forbids prepared statements unless this is set; only cursors that ask for them make any.
        "OPTIONS": {"application_name": "eclaircie", "prepare_threshold": 5, **parts},
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
