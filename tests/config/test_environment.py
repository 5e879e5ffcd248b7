"""Settings: what a wrong value does to a start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config import database, environment

LANGUAGES = "fr, et d’autres si vous voulez, séparées par des virgules, parmi fr, en, es, ro, ar, pt"


def start_with(**changes: str) -> subprocess.CompletedProcess[str]:
    """The outcome of a command that only reads the settings."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ECLAIRCIE_")}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env={**ours, **changes},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ECLAIRCIE_DEBUG", "oui", "0 ou 1"),
        ("ECLAIRCIE_LANGUAGES", "fr,xx", LANGUAGES),
        ("ECLAIRCIE_LANGUAGES", "en", LANGUAGES),
        ("ECLAIRCIE_SECRET_KEY", "court", "au moins 50 caractères tirés au hasard"),
        ("ECLAIRCIE_SECRET_KEY_FILE", "/nulle/part", "le chemin d’un fichier de texte lisible"),
        (
            "DATABASE_URL",
            "mysql://u:secret@h/b",
            "une adresse comme postgresql://nom:motdepasse@machine:5432/base",
        ),
    ],
)
def test_a_wrong_value_stops_the_start_with_one_line(name: str, value: str, expected: str) -> None:
    outcome = start_with(**{name: value})

    assert outcome.returncode == 1
    assert outcome.stderr == f"Réglage {name} : valeur refusée. Il faut {expected}.\n"
    assert outcome.stdout == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXIT_URL", "javascript:alert(1)"),
        ("EXIT_URL", "http://exemple.org/"),
        ("EXIT_URL", "https://"),
        ("EXIT_URL", "https://exemple.org/ a"),
        ("EXIT_URL", "https://[exemple/"),
    ],
)
def test_an_exit_address_is_whole_and_encrypted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"ECLAIRCIE_{name}", value)

    with pytest.raises(environment.WrongSetting, match="une adresse complète qui commence par https://"):
        environment.web_address(name)


def test_each_language_may_have_an_exit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ECLAIRCIE_EXIT_URL", "ECLAIRCIE_EXIT_URL_FR", "ECLAIRCIE_EXIT_URL_EN"):
        monkeypatch.delenv(name, raising=False)
    usual = environment.exits(["fr", "en"])
    monkeypatch.setenv("ECLAIRCIE_EXIT_URL_EN", "https://example.org/weather")
    one = environment.exits(["fr", "en"])
    monkeypatch.setenv("ECLAIRCIE_EXIT_URL", "https://exemple.org/")

    assert usual == {"fr": "https://fr.wikipedia.org/", "en": "https://en.wikipedia.org/"}
    assert one == {"fr": "https://fr.wikipedia.org/", "en": "https://example.org/weather"}
    assert environment.exits(["fr", "en"]) == {"fr": "https://exemple.org/", "en": "https://example.org/weather"}


@pytest.mark.parametrize("value", ["https://exemple.org/site", "https://exemple.org?a=1", "https://exemple.org/#a"])
def test_the_address_of_the_site_ends_with_its_machine(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ECLAIRCIE_PUBLIC_URL", value)

    with pytest.raises(environment.WrongSetting, match="l’adresse du site, sans rien après"):
        environment.site_address("PUBLIC_URL")


@pytest.mark.parametrize("value", ["", "https://exemple.org", "https://exemple.org/", "http://127.0.0.1:8000/"])
def test_the_address_of_the_site_has_no_slash_at_its_end(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ECLAIRCIE_PUBLIC_URL", value)

    assert environment.site_address("PUBLIC_URL") == value.removesuffix("/")


@pytest.mark.parametrize("value", ["http://exemple.org", "exemple.org:8000", "exemple org", "exemple..org"])
def test_a_host_is_a_name_alone(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ECLAIRCIE_ALLOWED_HOSTS", value)

    with pytest.raises(environment.WrongSetting, match="des noms de machine"):
        environment.host_names("ALLOWED_HOSTS", default=["localhost"])


@pytest.mark.parametrize("value", ["0", "65536", "8000x", "-1", "huit"])
def test_a_port_is_a_number_that_exists(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PORT", value)

    with pytest.raises(environment.WrongSetting, match="Réglage PORT"):
        environment.listening_port()


def test_an_empty_value_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("ECLAIRCIE_DEBUG", " ")

    assert environment.listening_port() == 8000
    assert environment.flag("DEBUG", default=False) is False


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://u@h/b\n", encoding="utf-8")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL_FILE", str(file))

    assert environment.secret("DATABASE_URL") == "postgresql://u@h/b"


def test_a_secret_has_one_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/b")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path))

    with pytest.raises(environment.WrongSetting, match="DATABASE_URL ou DATABASE_URL_FILE, pas les deux"):
        environment.secret("DATABASE_URL")


def test_the_key_of_a_single_machine_is_drawn_once_and_closed_to_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ECLAIRCIE_SECRET_KEY", raising=False)
    path = tmp_path / "var" / "secret_key"

    key = environment.secret_key(path)

    assert len(key) == 96
    assert environment.secret_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_a_database_address_is_taken_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL_FILE", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nom:mot%40passe@machine:5433/base?sslmode=require")

    assert database.from_environment(tmp_path) == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "base",
        "USER": "nom",
        "PASSWORD": "mot@passe",
        "HOST": "machine",
        "PORT": "5433",
        "OPTIONS": {"application_name": "eclaircie", "prepare_threshold": 5, "sslmode": "require"},
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nom:s3cr@te@machine:5432/base",
        "postgresql://nom:s3cr/te@machine:5432/base",
        "postgresql://nom:12/te@machine:5432/base",
    ],
)
def test_half_a_password_is_never_taken_for_a_machine(url: str) -> None:
    with pytest.raises(environment.WrongSetting) as refusal:
        database.parts_of(url)

    assert "%40 pour un @ du mot de passe" in str(refusal.value)
    assert "s3cr" not in str(refusal.value)
    assert "te@" not in str(refusal.value)


def test_without_an_address_the_database_is_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL_FILE", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr("config.postgres.chosen", [])

    assert database.from_environment(tmp_path)["ENGINE"] == "config.embedded"
    assert list(tmp_path.iterdir()) == []
