"""`manage.py serve`, what `make serve` runs: database, tables, starter data, web server, worker, and the end of all."""

import errno
import fcntl
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException
from io import StringIO
from pathlib import Path
from types import FrameType

import psutil
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connections
from django.utils.translation import gettext as _

from config import children, environment, postgres
from referrals.peppers import PeppersFileError, peppers

STEPS = 6
# What is started beside this process, and how the log names it. A request that runs gets as long to end.
PROCESSES = ("mail", "web", "worker")
SECONDS_TO_END = 2
MAIL_HOST = "127.0.0.1"
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
                sign_ins = self.create_demo()
                started = self.start_all(running, DATABASE_URL=url)
                self.say(_("Le site est prêt : %(address)s (Ctrl-C pour l’arrêter)") % {"address": self.address})
                self.say(sign_ins)
                self.stay(started)
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
        for name in PROCESSES:
            orphan = children.remembered(self.note(name))
            if orphan is not None:
                children.stop_session(orphan, patience=SECONDS_TO_END)

    def check_port(self) -> None:
        """Refuse early and in one line a port that is taken."""
        try:
            family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][0]
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((self.host, self.port))
        except OSError as refusal:
            if isinstance(refusal, socket.gaierror) or refusal.errno == errno.EADDRNOTAVAIL:
                raise CommandError(
                    _("HOST : cette machine n’a pas l’adresse %(host)s.") % {"host": self.host}
                ) from None
            raise CommandError(
                _("Le port %(port)s de %(host)s n’est pas libre (%(reason)s). Essayez « PORT=%(next)s make serve ».")
                % {"port": self.port, "host": self.host, "reason": refusal.strerror, "next": self.port + 1}
            ) from None

    def start_database(self, running: ExitStack) -> str:
        """The address of a database that answers."""
        url = environment.secret("DATABASE_URL")
        if url is not None:
            self.step(3, _("Base de données : celle de DATABASE_URL"))
            try:
                connections["default"].ensure_connection()
            except OperationalError as refusal:
                raise CommandError(
                    _("La base de DATABASE_URL ne répond pas : %(reason)s") % {"reason": str(refusal).splitlines()[0]}
                ) from None
            return url
        self.step(3, _("Base de données : PostgreSQL dans var/"))
        cluster = postgres.in_use()
        running.callback(cluster.stop, even_if_used=True)
        cluster.start(dies_with_us=True)
        return cluster.url

    def prepare_tables(self) -> None:
        """Migrations."""
        self.step(4, _("Tables"))
        call_command("migrate", verbosity=0, interactive=False)
        try:
            peppers()
        except PeppersFileError as missing:
            raise CommandError(_("Fichier des poivres : %(reason)s") % {"reason": missing}) from None

    def load_data(self) -> None:
        """What a new directory starts with; loading again changes nothing."""
        self.step(5, _("Communes, annuaire et pages de départ"))
        call_command("load_communes", stdout=self.stdout)
        call_command("load_directory", settings.BASE_DIR / STARTER_DIRECTORY, stdout=self.stdout)
        call_command("load_pages", stdout=self.stdout)
        connections.close_all()

    def create_demo(self) -> str:
        """In a demonstration, associations, accounts and referrals; what to sign in with."""
        if not settings.DEMO:
            return ""
        said = StringIO()
        call_command("create_demo", stdout=said)
        connections.close_all()
        return said.getvalue()

    def start_all(self, running: ExitStack, **known: str) -> dict[str, subprocess.Popen[bytes]]:
        """Web server and worker, and in a demonstration what takes their mail."""
        self.step(6, _("Serveur web et tâches de fond"))
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        started = self.start_mail(running)
        if started:
            known |= {"ECLAIRCIE_EMAIL_HOST": MAIL_HOST, "ECLAIRCIE_EMAIL_PORT": str(self.mail_port)}
        started["web"] = self.start("web", ["-m", "config.web"], running, HOST=self.host, PORT=str(self.port), **known)
        self.wait_for("web", started["web"], self.answers)
        if not settings.PUBLIC_URL:
            known["ECLAIRCIE_PUBLIC_URL"] = self.address.rstrip("/")  # for the links in mails
        started["worker"] = self.start("worker", ["manage.py", "work"], running, **known)
        running.callback(ask_to_end, list(started.values()))
        return started

    def start_mail(self, running: ExitStack) -> dict[str, subprocess.Popen[bytes]]:
        """A server that keeps mail in a folder for the page of the demonstration; not when mail goes elsewhere."""
        if not settings.DEMO or settings.EMAIL_HOST or importlib.util.find_spec("aiosmtpd") is None:
            return {}
        with socket.create_server((MAIL_HOST, 0)) as probe:
            self.mail_port = int(probe.getsockname()[1])
        settings.DEMO_DIR.mkdir(parents=True, exist_ok=True)
        keeps = ["aiosmtpd.handlers.Mailbox", str(settings.DEMO_DIR / "mail")]
        arguments = ["-m", "aiosmtpd", "--nosetuid", "--listen", f"{MAIL_HOST}:{self.mail_port}", "--class", *keeps]
        mail = self.start("mail", arguments, running)
        self.wait_for("mail", mail, self.takes_mail)
        return {"mail": mail}

    def start(self, name: str, arguments: list[str], running: ExitStack, **environ: str) -> subprocess.Popen[bytes]:
        """A Python program in a process and session of its own, which ends with this one."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=environment.for_child(**environ),
            start_new_session=True,
            preexec_fn=children.told_when_orphaned(signal.SIGTERM),  # noqa: PLW1509  # it takes no lock
        )
        running.callback(self.stop_process, name, process, psutil.Process(process.pid))
        children.remember(process.pid, self.note(name))
        return process

    def wait_for(self, name: str, process: subprocess.Popen[bytes], answers: Callable[[], bool]) -> None:
        """Until a program that was started does its work."""
        while not answers():
            if process.poll() is not None:
                raise CommandError(_("Arrêté au démarrage : %(name)s.") % {"name": name})
            time.sleep(0.05)

    def stay(self, started: dict[str, subprocess.Popen[bytes]]) -> None:
        """Until a signal, the end of a program, or the end of whoever started us."""
        while True:
            for name, process in started.items():
                if process.poll() is not None:
                    raise CommandError(_("Arrêté de lui-même : %(name)s.") % {"name": name})
            if self.parent is not None and os.getppid() != self.parent:
                raise Stopped
            time.sleep(0.25)

    def stop_process(self, name: str, process: subprocess.Popen[bytes], known: psutil.Process) -> None:
        """End a program and all that it started."""
        children.stop_session(known, patience=SECONDS_TO_END)
        process.wait()
        self.note(name).unlink(missing_ok=True)

    def takes_mail(self) -> bool:
        """Whether something listens for mail."""
        with socket.socket() as probe:
            return probe.connect_ex((MAIL_HOST, self.mail_port)) == 0

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

    def note(self, name: str) -> Path:
        """Where a process is written down."""
        return Path(settings.VAR_DIR / f"{name}.json")


def ask_to_end(processes: list[subprocess.Popen[bytes]]) -> None:
    """All at once, so that they end side by side."""
    for process in processes:
        process.terminate()


def stop(_number: int, _frame: FrameType | None) -> None:
    """Leave whatever is being done."""
    raise Stopped
