"""Programs that the site starts and has to stop again, even those of a run that was killed."""

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def told_when_orphaned(by: signal.Signals) -> Callable[[], object] | None:
    """For Popen's preexec_fn: the kernel sends `by` to the child when we die. Only Linux can; elsewhere the next start
    stops what is left."""
    if sys.platform != "linux":
        return None
    return partial(ctypes.CDLL(None).prctl, PR_SET_PDEATHSIG, by.value)


def remember(pid: int, path: Path) -> None:
    """Write down a child, with the moment it started: numbers are given again to other programs."""
    path.write_text(json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()}), encoding="ascii")


def remembered(path: Path) -> psutil.Process | None:
    """The child written down in `path`, if that very one still runs."""
    try:
        known = json.loads(path.read_text(encoding="ascii"))
        process = psutil.Process(known["pid"])
        return process if abs(process.create_time() - known["started"]) < 1 else None
    except (FileNotFoundError, ValueError, KeyError, TypeError, psutil.NoSuchProcess):
        return None


def stop_session(leader: psutil.Process, *, patience: float) -> None:
    """End a child that leads a session of its own, politely for `patience` seconds, then all that is left of it."""
    family = [leader, *family_of(leader)]
    with suppress(psutil.NoSuchProcess):
        leader.terminate()
    wait_for_end([leader], seconds=patience)
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
    wait_for_end(family, seconds=patience)


def family_of(leader: psutil.Process) -> list[psutil.Process]:
    """What a process started, and what that started."""
    try:
        return leader.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def wait_for_end(processes: list[psutil.Process], *, seconds: float) -> None:
    """Until all have ended, or for so long. Whether somebody has taken note of an end (in a container, often nobody
    does) is not waited for."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and not all(map(has_ended, processes)):
        time.sleep(0.02)


def has_ended(process: psutil.Process) -> bool:
    """Whether a process does nothing any more."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
