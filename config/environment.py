"""The only reader of the process environment: a wrong value stops the start with one clear line."""

import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "ECLAIRCIE_"
HOST_NAME = re.compile(r"\*|\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\]")

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
MAIL_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+|[^<>@\r\n]+ <[^\s<>@]+@[^\s<>@]+>")


class WrongSetting(SystemExit):
    """Ends the process with one line for the person who starts the site; the refused value is never repeated."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"Réglage {name} : valeur refusée. Il faut {expected}.")


def text(name: str, *, default: str = "") -> str:
    """Value of ECLAIRCIE_<name>, without the spaces around it; empty counts as absent."""
    return os.environ.get(PREFIX + name, "").strip() or default


def secret(name: str) -> str | None:
    """Value of a secret, from NAME itself or from the file that NAME_FILE names; None when neither is set."""
    value, path = os.environ.get(name, "").strip(), os.environ.get(f"{name}_FILE", "").strip()
    if value and path:
        raise WrongSetting(f"{name}_FILE", f"{name} ou {name}_FILE, pas les deux")
    if not path:
        return value or None
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise WrongSetting(f"{name}_FILE", "le chemin d’un fichier de texte lisible") from None
    if not value:
        raise WrongSetting(f"{name}_FILE", "le chemin d’un fichier qui contient la valeur")
    return value


def flag(name: str, *, default: bool) -> bool:
    """1 or 0."""
    value = text(name, default="1" if default else "0")
    if value not in {"0", "1"}:
        raise WrongSetting(PREFIX + name, "0 ou 1")
    return value == "1"


def demonstration(*, public_url: str, hosts: Iterable[str]) -> bool:
    """ECLAIRCIE_DEMO: accounts whose passwords are printed, and mail that anybody reads; on one machine only."""
    wanted = flag("DEMO", default=False)
    reached_as = {*hosts, *filter(None, [urlsplit(public_url).hostname])}
    if wanted and not reached_as <= LOOPBACK:
        raise WrongSetting(
            f"{PREFIX}DEMO",
            f"0 : une démonstration ne répond qu’à sa propre machine, et {PREFIX}ALLOWED_HOSTS ou {PREFIX}PUBLIC_URL "
            "en nomme une autre",
        )
    return wanted


def subset(name: str, *, default: str, allowed: Iterable[str], needed: str) -> tuple[str, ...]:
    """Values separated by commas, in the order given, each one of those allowed; the one that is needed among them."""
    choices = tuple(allowed)
    values = tuple(part.strip() for part in text(name, default=default).split(","))
    if not {needed} <= set(values) <= set(choices) or len(set(values)) != len(values):
        raise WrongSetting(
            PREFIX + name,
            f"{needed}, et d’autres si vous voulez, séparées par des virgules, parmi {', '.join(choices)}",
        )
    return values


def choice(name: str, *, default: str, allowed: Iterable[str]) -> str:
    """One of a few words."""
    choices = tuple(allowed)
    value = text(name, default=default)
    if value not in choices:
        raise WrongSetting(PREFIX + name, f"une valeur parmi {', '.join(choices)}")
    return value


def host_name(name: str) -> str:
    """Name of one machine; empty when absent."""
    value = text(name)
    if value and not HOST_NAME.fullmatch(value):
        raise WrongSetting(PREFIX + name, "un nom de machine, sans port")
    return value


def mail_address(name: str, *, default: str) -> str:
    """A mail address, with or without a name before it."""
    value = text(name, default=default)
    if not MAIL_ADDRESS.fullmatch(value):
        raise WrongSetting(PREFIX + name, "une adresse e-mail, par exemple « Éclaircie <ne-pas-repondre@exemple.org> »")
    return value


def port(name: str, *, default: int) -> int:
    """A port number."""
    return port_number(PREFIX + name, text(name, default=str(default)))


def host_names(name: str, *, default: Iterable[str]) -> list[str]:
    """Names of machines separated by commas."""
    values = [part.strip() for part in text(name, default=",".join(default)).split(",")]
    if not all(HOST_NAME.fullmatch(value) for value in values):
        raise WrongSetting(PREFIX + name, "des noms de machine séparés par des virgules, sans http:// ni port")
    return values


def web_address(name: str, *, default: str = "", schemes: tuple[str, ...] = ("https",)) -> str:
    """A whole web address."""
    value = text(name, default=default)
    try:
        parts = urlsplit(value)
        complete = bool(parts.hostname) and parts.scheme in schemes and not re.search(r"\s", value)
    except ValueError:
        complete = False
    if value and not complete:
        raise WrongSetting(PREFIX + name, f"une adresse complète qui commence par {schemes[0]}://")
    return value


def site_address(name: str) -> str:
    """The web address of the site, without a slash at its end."""
    value = web_address(name, schemes=("https", "http")).rstrip("/")
    parts = urlsplit(value)
    if parts.path or parts.query or parts.fragment:
        raise WrongSetting(PREFIX + name, "l’adresse du site, sans rien après le nom de la machine et le port")
    return value


def exits(languages: Iterable[str]) -> dict[str, str]:
    """Where Quitter leads in each language: ECLAIRCIE_EXIT_URL_EN, else ECLAIRCIE_EXIT_URL, else Wikipedia."""
    everywhere = web_address("EXIT_URL")
    return {
        code: web_address(f"EXIT_URL_{code.upper()}", default=everywhere or f"https://{code}.wikipedia.org/")
        for code in languages
    }


def secret_key(path: Path) -> str:
    """ECLAIRCIE_SECRET_KEY, or for a single machine the key kept in `path`, drawn at the first start."""
    name = PREFIX + "SECRET_KEY"
    value = secret(name)
    if value is None:
        value = kept_key(path)
    if len(value) < 50 or len(set(value)) < 5:
        raise WrongSetting(name, "au moins 50 caractères tirés au hasard")
    return value


def kept_key(path: Path) -> str:
    """The key in `path`; two first starts at the same moment agree on one, and nobody else can read it."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(48), encoding="ascii")
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        return path.read_text(encoding="ascii").strip()
    except OSError:
        raise WrongSetting(
            PREFIX + "SECRET_KEY", f"une clé, ou un dossier {path.parent} dans lequel en garder une"
        ) from None


def folder(name: str, *, default: Path) -> Path:
    """An absolute path."""
    path = Path(text(name, default=str(default)))
    if not path.is_absolute():
        raise WrongSetting(PREFIX + name, "le chemin d’un dossier, qui commence par /")
    return path


def listening_host() -> str:
    """HOST: the address that the web server listens on."""
    value = os.environ.get("HOST", "").strip() or "127.0.0.1"
    if not HOST_NAME.fullmatch(value) and not re.fullmatch(r"[0-9A-Fa-f:.]+", value):
        raise WrongSetting("HOST", "une adresse de cette machine, par exemple 127.0.0.1 ou 0.0.0.0")
    return value


def listening_port() -> int:
    """PORT: the port that the web server listens on."""
    return port_number("PORT", os.environ.get("PORT", "").strip() or "8000")


def port_number(name: str, value: str) -> int:
    """A number from 1 to 65535; `name` is the whole name of the setting."""
    if not re.fullmatch(r"[0-9]{1,5}", value) or not 1 <= int(value) <= 65535:
        raise WrongSetting(name, "un nombre entier de 1 à 65535")
    return int(value)


def for_child(**changes: str) -> dict[str, str]:
    """The environment to hand to a process that we start."""
    return {**os.environ, **changes}
