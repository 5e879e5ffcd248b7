"""A web process that has seen words in clear is replaced soon after: nothing else empties its memory for certain.

Freed memory keeps what was in it until something else is written there, in Python, in the C library and in the web
server alike. The system gives the memory of a process that ended to nobody before it has overwritten it.
"""

import logging
import multiprocessing
import os
import signal
from threading import Lock, Timer

logger = logging.getLogger(__name__)

# What many people send within so long costs one replacement (docs/operations.md says how much).
SECONDS = 15.0
SERVED_BY = "granian-worker"  # what granian calls its processes

_noted = Lock()


def forget_soon() -> None:
    """Have the web server replace its processes in a moment, once; under any other server, do nothing.

    Call it where a request is about to bring words in clear, or an answer to carry them.
    """
    server = multiprocessing.parent_process()
    if server is None or server.pid is None or multiprocessing.current_process().name != SERVED_BY:
        return
    if _noted.acquire(blocking=False):  # never released: the process ends with it
        timer = Timer(SECONDS, replace, [server.pid])
        timer.daemon = True
        timer.start()


def replace(server: int) -> None:
    """Ask for new processes; the old ones end what they are doing."""
    if os.getppid() == server:
        os.kill(server, signal.SIGHUP)
