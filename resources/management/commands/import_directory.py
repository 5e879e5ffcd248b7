"""`manage.py import_directory --format FORMAT FILE`: what another directory says, put before our moderators."""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import IO

from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from resources import facts, importing
from resources.importing import Finding, Outcome, Report
from resources.models import Commune

FORMATS = ("csv", "data-inclusion", "hsds")
# Rows shown of each outcome; all of them are counted, and --verbosity 2 shows them all.
MOST_SHOWN = 20
SHOWN = frozenset({Outcome.NEW, Outcome.CHANGE, Outcome.CONFLICT, Outcome.BROKEN})
SECONDS_BETWEEN_SIGNS = 0.2
BAR = 30
LONGEST_SOURCE = 300

WOULD = {
    Outcome.NEW: "nouvelles fiches",
    Outcome.CHANGE: "corrections",
    Outcome.CONFLICT: "conflits",
    Outcome.SAME: "déjà dites",
    Outcome.ELSEWHERE: "hors de la région",
    Outcome.BROKEN: "lignes refusées",
}
SIGN = {Outcome.NEW: "+", Outcome.CHANGE: "~", Outcome.CONFLICT: "!", Outcome.BROKEN: "×"}


class Command(BaseCommand):
    """Look by default; with --apply, proposals that moderators decide. Nothing is ever published here."""

    help = (
        "Lit l’annuaire d’un autre et montre ce qu’il proposerait. --apply met ces propositions dans la file des "
        "modérateurs ; rien n’est publié. Relancer le même fichier ne propose rien de plus."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Format, file, and how far to go."""
        parser.add_argument("--format", choices=FORMATS, required=True)
        parser.add_argument("file", type=Path, metavar="FICHIER")
        parser.add_argument(
            "--structures", type=Path, help="data·inclusion : le fichier des structures, s’il est à part"
        )
        parser.add_argument("--apply", action="store_true", help="ouvrir les propositions")
        parser.add_argument("--strict", action="store_true", help="ne rien écrire si une seule ligne est refusée")

    def handle(self, *_args: object, file: Path, structures: Path | None, **options: object) -> None:
        """Read, tell, and say what was done."""
        if not Commune.objects.exists():
            raise CommandError("Les communes manquent : lancez d’abord « manage.py load_communes ».")
        form = str(options["format"])
        every = options["verbosity"] not in {0, 1}
        try:
            teller = Teller(self.stdout, Bar(sys.stderr, total=last_line(file)), every=every)
            rows = importing.reader(form, file, structures=structures)
            if not options["apply"]:
                report = importing.look(rows, tell=teller.tell)
            else:
                step = importing.apply_whole if options["strict"] else importing.apply
                report = step(rows, source=f"{form} : {file.name}"[:LONGEST_SOURCE], tell=teller.tell)
        except OSError as error:
            raise CommandError(f"{file} : lecture impossible ({error.strerror}).") from error
        teller.end()
        self.conclude(report, strict=bool(options["strict"]), applied=bool(options["apply"]))

    def conclude(self, report: Report, **asked: bool) -> None:
        """Figures, then whether anything was written."""
        self.stdout.write(", ".join(f"{report.counts[outcome]} {words}" for outcome, words in WOULD.items()) + ".")
        if report.stopped is not None:
            self.stdout.write(f"Lecture arrêtée : {report.stopped}.")
        if asked["strict"] and report.broken:
            raise CommandError("Une ligne au moins est refusée : rien n’a été écrit.")
        if not asked["applied"]:
            self.stdout.write("Rien n’a été écrit. Pour ouvrir ces propositions : --apply.")
        else:
            self.stdout.write("Les propositions attendent les modérateurs. Rien n’a été publié.")
        if report.stopped is not None:
            raise CommandError("Le fichier n’a pas été lu jusqu’au bout.")


class Teller:
    """Says what rows do: the first of each outcome, or all of them."""

    def __init__(self, out: OutputWrapper, bar: "Bar", *, every: bool) -> None:
        self.out = out
        self.bar = bar
        self.every = every
        self.said: Counter[Outcome] = Counter()

    def tell(self, finding: Finding) -> None:
        """One line, and the bar goes on."""
        self.bar.move(finding.line)
        if finding.outcome not in SHOWN:
            return
        self.said[finding.outcome] += 1
        if self.every or self.said[finding.outcome] <= MOST_SHOWN:
            self.bar.clear()
            self.out.write(in_words(finding))

    def end(self) -> None:
        """A clean line, and how many rows were not shown."""
        self.bar.clear()
        for outcome, number in self.said.items():
            if not self.every and number > MOST_SHOWN:
                self.out.write(f"{SIGN[outcome]} … et {number - MOST_SHOWN} autres ({WOULD[outcome]})")


def in_words(finding: Finding) -> str:
    """«~ ligne 12 : Accueil → accueil-paris ; contacts, horaires»; no value of a row is ever repeated but its name."""
    sign = SIGN[finding.outcome]
    if finding.outcome == Outcome.BROKEN:
        return f"{sign} {finding.reason}"
    known = f" → {finding.slug}" if finding.slug else ""
    fields = ", ".join(str(facts.FIELDS[name].label).lower() for name in finding.fields)
    disputed = ", ".join(str(facts.FIELDS[name].label).lower() for name in finding.disputed)
    rest = [
        finding.reason,
        fields,
        f"autre proposition ouverte sur : {disputed}" if disputed else "",
    ]
    said = " ; ".join(part for part in rest if part)
    return f"{sign} ligne {finding.line} : {finding.name}{known}" + (f" ; {said}" if said else "")


class Bar:
    """How far a long file is read, on a terminal; silent anywhere else."""

    def __init__(self, terminal: IO[str], *, total: int) -> None:
        self.terminal = terminal
        self.total = total
        self.shown_at = 0.0
        self.rows = 0
        self.shown = False

    def move(self, line: int) -> None:
        """One more row, which stands at that line; shown a few times a second at most."""
        self.rows += 1
        now = time.monotonic()
        if not self.terminal.isatty() or now - self.shown_at < SECONDS_BETWEEN_SIGNS:
            return
        share = min(1.0, line / self.total) if self.total > 1 else 0.0
        full = round(share * BAR)
        bar = f"{'█' * full}{'·' * (BAR - full)} {share:4.0%} " if self.total > 1 else ""
        self.terminal.write(f"\r{bar}{self.rows} lignes")
        self.terminal.flush()
        self.shown_at, self.shown = now, True

    def clear(self) -> None:
        """Leave a clean line for other words."""
        if self.shown:
            self.terminal.write("\r\033[K")
            self.terminal.flush()
            self.shown = False


def last_line(file: Path) -> int:
    """Number of lines of a text file; 0 for an archive, whose lines cannot be counted cheaply. Raises OSError."""
    if file.suffix.lower() == ".zip":
        return 0
    with file.open("rb") as opened:
        return sum(piece.count(b"\n") for piece in iter(lambda: opened.read(1 << 20), b""))
