"""`python -m config.web`: the web server, whose processes can be replaced without a request being lost.

On Linux granian gives each process a listening socket of its own, and what waits in it is refused when the process
ends. Here all share one, as granian does on other systems: what an old process leaves, the others take. A process that
is about to end takes no more connections for a moment, and says at each answer that the connection ends with it.
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event
from typing import Any

from django.urls import resolve
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.net import SocketSpec  # type: ignore[attr-defined]  # public by use: what granian itself binds with
from granian.server.mp import MPServer, WorkerProcess

from config import environment, wsgi

# Two cores, and Python runs one thread at a time in a process: more of either takes memory and gains nothing.
WORKERS = 2
THREADS = 2
# A new process loads in a second or two; the old one serves meanwhile, then empties, then has to have ended.
SECONDS_TO_LOAD = 4.0
SECONDS_TO_EMPTY = 3.0
SECONDS_TO_END = 8
EMPTY = signal.SIGUSR1

Start = Callable[..., Any]

emptying = Event()


class Process(WorkerProcess):
    """A process of the web server."""

    def terminate(self) -> None:
        """End it; when another takes its place, empty it first."""
        self.interrupt_by_parent = True
        if not self.parent.interrupt_signal and self.inner.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.inner.pid, EMPTY)
                time.sleep(SECONDS_TO_EMPTY)
        super().terminate()  # type: ignore[no-untyped-call]


class Server(MPServer):
    """Granian with one socket for all its processes."""

    def _init_shared_socket(self) -> None:
        """Bind once; processes inherit the socket."""
        bound = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._ssp, self._shd, self._sfd = None, bound, bound.get_fd()  # type: ignore[assignment]  # granian: None at first
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)

    def _spawn_worker(self, *args: object, **kwargs: object) -> WorkerProcess:
        """A process that empties before it ends."""
        process: WorkerProcess = super()._spawn_worker(*args, **kwargs)
        process.__class__ = Process
        return process


def application() -> Start:
    """In each process: the site, which stops taking connections when it is told to."""
    signal.signal(EMPTY, take_no_more)
    resolve("/healthz")  # views load now, not while the first visitor waits

    def site(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        if not emptying.is_set():
            return wsgi.application(environ, start_response)

        def last(status: str, headers: list[tuple[str, str]], problem: Any = None, /) -> Any:  # noqa: ANN401  # PEP 3333
            return start_response(status, [*headers, ("Connection", "close")], problem)

        return wsgi.application(environ, last)

    return site


def take_no_more(_number: int, _frame: object) -> None:
    """Leave new connections to the other processes: in the place of the shared socket, one that nobody knows of."""
    emptying.set()
    nobody = socket.create_server(("127.0.0.1", 0))
    nobody.settimeout(0)
    for number in listening():
        if number != nobody.fileno():
            os.dup2(nobody.fileno(), number)


def listening() -> list[int]:
    """Numbers of the sockets on which this process takes connections."""
    found = []
    for number in range(3, 256):
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as one:
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.append(number)
    return found


def serve() -> None:
    """Serve HOST and PORT until SIGTERM; SIGHUP replaces the processes."""
    Server(
        "config.web:application",
        factory=True,
        address=environment.listening_host(),
        port=environment.listening_port(),
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=THREADS,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=SECONDS_TO_LOAD,
        workers_kill_timeout=SECONDS_TO_END,
    ).serve()


if __name__ == "__main__":
    serve()
