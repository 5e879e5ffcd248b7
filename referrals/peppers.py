"""Secrets kept in a file outside the database and its backups: a stolen database cannot even test a guess of a code."""

import base64
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from referrals import crypto

BYTES = 32


class PeppersFileError(Exception):
    """The file is missing where it must exist, or is not what this module wrote."""


@dataclass(frozen=True, slots=True, repr=False)
class Pepper:
    """One epoch's secrets, 32 bytes each: `find` hides locators in the database, `answer` completes senders' keys."""

    epoch: int
    find: bytes
    answer: bytes

    def hidden(self, locator: bytes) -> bytes:
        """What the database holds of a locator, 32 bytes."""
        return crypto.peppered(self.find, locator)

    def completes(self, locator: bytes) -> bytes:
        """What the holder of a locator is answered, 32 bytes; for any locator, known or not."""
        return crypto.peppered(self.answer, locator)


@dataclass(frozen=True, slots=True, repr=False)
class Peppers:
    """The site's salt (16 bytes, not secret, never changes) and its peppers, oldest first."""

    salt: bytes
    epochs: tuple[Pepper, ...]

    @property
    def current(self) -> Pepper:
        """The one for new referrals."""
        return self.epochs[-1]

    def of(self, epoch: int) -> Pepper:
        """The pepper of an epoch. Raises PeppersFileError when it is gone."""
        for pepper in self.epochs:
            if pepper.epoch == epoch:
                return pepper
        raise PeppersFileError(f"epoch {epoch} is missing")


def peppers() -> Peppers:
    """Those of this site, as the file has them now; drawn at the first use.

    Raises PeppersFileError, also when the file is missing while referrals exist: with new peppers every code that
    somebody holds would open nothing, and nobody would know why.
    """
    path = Path(settings.PEPPERS_FILE)
    try:
        written = path.stat().st_mtime_ns
    except FileNotFoundError:
        if there_are_referrals():
            raise PeppersFileError(
                _("%(path)s manque, et il y a des demandes : remettez-le depuis sa copie.") % {"path": path}
            ) from None
        try:
            write(path, Peppers(secrets.token_bytes(crypto.SALT_BYTES), (new_pepper(1),)), replace=False)
        except OSError:
            raise PeppersFileError(_("%(path)s ne peut pas être écrit.") % {"path": path}) from None
        written = path.stat().st_mtime_ns
    except OSError:
        raise PeppersFileError(_("%(path)s ne peut pas être lu.") % {"path": path}) from None
    return read_once(path, written)


def there_are_referrals() -> bool:
    """Whether anybody may hold a code."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM referrals_referral)")
        return bool(cursor.fetchone()[0])


@lru_cache(maxsize=2)
def read_once(path: Path, _written: int) -> Peppers:
    """The peppers of a file that was written at a moment (nanoseconds). Raises PeppersFileError."""
    return read(path)


def rotate() -> Peppers:
    """Add an epoch for referrals to come; earlier ones stay, for those who hold a code."""
    known = peppers()
    write(
        Path(settings.PEPPERS_FILE),
        Peppers(known.salt, (*known.epochs, new_pepper(known.current.epoch + 1))),
        replace=True,
    )
    return peppers()


def new_pepper(epoch: int) -> Pepper:
    """Random secrets."""
    return Pepper(epoch, secrets.token_bytes(BYTES), secrets.token_bytes(BYTES))


def read(path: Path) -> Peppers:
    """The peppers in a file. Raises PeppersFileError."""
    try:
        known = json.loads(path.read_text(encoding="ascii"))
        found = Peppers(
            base64.b64decode(known["salt"], validate=True),
            tuple(
                Pepper(
                    int(one["epoch"]),
                    base64.b64decode(one["find"], validate=True),
                    base64.b64decode(one["answer"], validate=True),
                )
                for one in known["peppers"]
            ),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise PeppersFileError(_("%(path)s ne peut pas être lu.") % {"path": path}) from None
    secrets_found = [part for pepper in found.epochs for part in (pepper.find, pepper.answer)]
    if not secrets_found or len(found.salt) != crypto.SALT_BYTES or any(len(part) != BYTES for part in secrets_found):
        raise PeppersFileError(_("%(path)s n’est pas entier.") % {"path": path})
    return found


def write(path: Path, content: Peppers, *, replace: bool) -> None:
    """Write the whole file at once, readable by its owner only; two first starts at the same moment agree on one."""
    text = {
        "salt": base64.b64encode(content.salt).decode(),
        "peppers": [
            {
                "epoch": pepper.epoch,
                "find": base64.b64encode(pepper.find).decode(),
                "answer": base64.b64encode(pepper.answer).decode(),
            }
            for pepper in content.epochs
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two threads of a process may both be the first.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(text, indent=1), encoding="ascii")
    if replace:
        draft.replace(path)
        return
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
