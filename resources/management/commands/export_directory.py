"""`manage.py export_directory --format FORMAT --output PATH`: the published directory as a file."""

import os
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from resources.exchange.formats import FORMATS

SECONDS_BETWEEN_SIGNS = 0.5
PERMISSIONS = 0o644


class Command(BaseCommand):
    """Write the directory to a file that is whole or unchanged, whatever happens meanwhile."""

    help = "Écrit l’annuaire publié dans un fichier. Le fichier n’est remplacé qu’une fois complet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Format and file."""
        parser.add_argument("--format", choices=sorted(FORMATS), required=True)
        parser.add_argument("--output", type=Path, required=True, metavar="FICHIER")

    def handle(self, *_args: object, output: Path, **options: object) -> None:
        """Write beside the file, then take its place."""
        form = FORMATS[str(options["format"])]
        if output.is_dir():
            raise CommandError(f"{output} est un dossier : donnez le nom d’un fichier.")
        if not output.parent.is_dir():
            raise CommandError(f"Le dossier {output.parent} n’existe pas.")
        try:
            # Inside a transaction the server hands rows out as they are read; outside it would copy them all first.
            with transaction.atomic():
                size = replace(output, form.write(settings.PUBLIC_URL), progress=Progress(sys.stderr))
        except OSError as error:
            raise CommandError(f"{output} : écriture impossible ({error.strerror}).") from error
        self.stdout.write(f"{output} : {size} octets.")


class Progress:
    """A figure that moves on a terminal while a long file is written; silent anywhere else."""

    def __init__(self, terminal: IO[str]) -> None:
        self.terminal = terminal
        self.shown_at = time.monotonic()
        self.shown = False

    def show(self, size: int) -> None:
        """Say how much is written, twice a second at most."""
        if self.terminal.isatty() and time.monotonic() - self.shown_at > SECONDS_BETWEEN_SIGNS:
            self.terminal.write(f"\r{size / 1_000_000:.1f} Mo")
            self.terminal.flush()
            self.shown_at, self.shown = time.monotonic(), True

    def end(self) -> None:
        """Leave a clean line."""
        if self.shown:
            self.terminal.write("\r\033[K")
            self.terminal.flush()


def replace(output: Path, pieces: Iterator[str], *, progress: Progress) -> int:
    """Write the pieces and put them where `output` is; returns the number of bytes.

    Raises OSError. Until the end, and whenever something fails, the file that was there stays as it was.
    """
    size = 0
    handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                size += file.write(piece.encode())
                progress.show(size)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(PERMISSIONS)
        part.replace(output)
    finally:
        progress.end()
        part.unlink(missing_ok=True)
    return size
