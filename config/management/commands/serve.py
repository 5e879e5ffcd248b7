"""`manage.py serve`, what `make serve` runs: database, tables, starter data, web server, and the end of all of them."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

import psutil
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connections
from django.utils.translation import gettext as _

from config import children, environment, postgres

# Two cores, and Python runs one thread at a time in a process: more of either takes memory and gains nothing.
WORKERS = 2
THREADS = 2
STEPS = 5
STARTER_DIRECTORY = Path("resources", "data", "services_idf.csv")


class Stopped(Exception):
    """Ctrl-C, a request to end, or the end of the program that started us."""


class Command(BaseCommand):
    """Start the site, say where it is, and stay until asked to stop."""

    help = "Démarre le site et tout ce dont il a besoin."

    def add_arguments(self, parser: CommandParser) -> None:
        """One option, for make."""
        parser.add_argument(
            "--with-parent", action="store_true", help=_("s’arrête aussi quand le programme qui l’a lancé disparaît")
        )

    def handle(self, *_args: object, with_parent: bool, **_options: object) -> None:
        """Everything in the order in which it happens."""
        self.parent = os.getppid() if with_parent else None
        self.host, self.port = environment.listening_host(), environment.listening_port()
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGHUP, stop)
        settings.VAR_DIR.mkdir(exist_ok=True)
        with ExitStack() as running:
            try:
                self.be_alone(running)
                self.check_port()
                url = self.start_database(running)
                self.prepare_tables()
                self.load_data()
                web = self.start_web(running, url)
                self.stay(web)
            except Stopped:
                self.say(_("Arrêt…"))
            finally:
                # A second Ctrl-C must not leave anything behind.
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)

    def say(self, sentence: str) -> None:
        """One line of progress, shown at once."""
        self.stdout.write(sentence)
        self.stdout.flush()

    def step(self, number: int, sentence: str) -> None:
        """One numbered line of progress."""
        self.say(f"{number}/{STEPS} {sentence}")

    def be_alone(self, running: ExitStack) -> None:
        """One site at a time per folder; what a killed one left is stopped."""
        lock = running.enter_context((settings.VAR_DIR / "serve.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(_("Le site tourne déjà dans ce dossier.")) from None
        orphan = children.remembered(self.web_note)
        if orphan is not None:
            children.stop_session(orphan, patience=5)

    def check_port(self) -> None:
        """Refuse early and in one line a port that is taken."""
        try:
            family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][0]
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((self.host, self.port))
        except OSError as refusal:
            raise CommandError(
                _("Le port %(port)s de %(host)s n’est pas libre (%(reason)s). Essayez « PORT=%(next)s make serve ».")
                % {"port": self.port, "host": self.host, "reason": refusal.strerror, "next": self.port + 1}
            ) from None

    def start_database(self, running: ExitStack) -> str:
        """The address of a database that answers."""
        url = environment.secret("DATABASE_URL")
        if url is not None:
            self.step(2, _("Base de données : celle de DATABASE_URL"))
            try:
                connections["default"].ensure_connection()
            except OperationalError as refusal:
                raise CommandError(
                    _("La base de DATABASE_URL ne répond pas : %(reason)s") % {"reason": str(refusal).splitlines()[0]}
                ) from None
            return url
        self.step(2, _("Base de données : PostgreSQL dans var/"))
        cluster = postgres.in_use()
        running.callback(cluster.stop, even_if_used=True)
        cluster.start(dies_with_us=True)
        return cluster.url

    def prepare_tables(self) -> None:
        """Migrations."""
        self.step(3, _("Tables"))
        call_command("migrate", verbosity=0, interactive=False)

    def load_data(self) -> None:
        """What a new directory starts with; loading again changes nothing."""
        self.step(4, _("Communes et annuaire de départ"))
        call_command("load_communes", stdout=self.stdout)
        call_command("load_directory", settings.BASE_DIR / STARTER_DIRECTORY, stdout=self.stdout)
        connections.close_all()

    def start_web(self, running: ExitStack, url: str) -> subprocess.Popen[bytes]:
        """The web server, in a process of its own."""
        self.step(5, _("Serveur web"))
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        options = ["--interface", "wsgi", "--host", self.host, "--port", str(self.port), "--no-access-log"]
        options += ["--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--log-level", "warning"]
        options += ["--workers-kill-timeout", "1"]  # pages take milliseconds; a worker still loading hears nothing
        web = subprocess.Popen(
            [sys.executable, "-m", "granian", "config.wsgi:application", *options],
            cwd=settings.BASE_DIR,
            env=environment.for_child(DATABASE_URL=url),
            start_new_session=True,
            preexec_fn=children.told_when_orphaned(signal.SIGTERM),  # noqa: PLW1509  # it takes no lock
        )
        running.callback(self.stop_web, web, psutil.Process(web.pid))
        children.remember(web.pid, self.web_note)
        while not self.answers():
            if web.poll() is not None:
                raise CommandError(_("Le serveur web s’est arrêté au démarrage."))
            time.sleep(0.05)
        self.say(_("Le site est prêt : %(address)s (Ctrl-C pour l’arrêter)") % {"address": self.address})
        return web

    def stay(self, web: subprocess.Popen[bytes]) -> None:
        """Until a signal, the end of the web server, or the end of whoever started us."""
        while web.poll() is None:
            if self.parent is not None and os.getppid() != self.parent:
                raise Stopped
            time.sleep(0.25)
        raise CommandError(_("Le serveur web s’est arrêté de lui-même."))

    def stop_web(self, web: subprocess.Popen[bytes], process: psutil.Process) -> None:
        """End the web server and its workers."""
        children.stop_session(process, patience=5)
        web.wait()
        self.web_note.unlink(missing_ok=True)

    def answers(self) -> bool:
        """Whether something speaks HTTP on the port; which names it answers to is another matter (ALLOWED_HOSTS)."""
        with closing(HTTPConnection(self.local_host, self.port, timeout=2)) as connection:
            try:
                connection.request("GET", "/healthz")
                return connection.getresponse().status > 0
            except (OSError, HTTPException):
                return False

    @property
    def local_host(self) -> str:
        """The host by which this machine reaches its own server."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  # read, not bound

    @property
    def address(self) -> str:
        """What to type in the browser of this machine."""
        host = f"[{self.local_host}]" if ":" in self.local_host else self.local_host
        return f"http://{host}:{self.port}/"

    @property
    def web_note(self) -> Path:
        """Where the web server's process is written down."""
        return Path(settings.VAR_DIR / "web.json")


def stop(_number: int, _frame: FrameType | None) -> None:
    """Leave whatever is being done."""
    raise Stopped
