"""What programs use: processor time of a database connection, memory of everything that serves the site."""

from dataclasses import dataclass

import psutil
from django.db import connection

MEGABYTE = 1e6


def backend() -> psutil.Process | None:
    """The PostgreSQL process behind this thread's connection, if it runs on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    try:
        process = psutil.Process(pid)
        # On another machine the same number is another program.
        ours = process.name().startswith("postgres") and connection.settings_dict["NAME"] in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if ours else None


def cpu_seconds(process: psutil.Process | None) -> float | None:
    """Processor time that a process has used, if the system tells us."""
    if process is None:
        return None
    try:
        times = process.cpu_times()
    except psutil.AccessDenied:
        return None
    return float(times.user + times.system)


def cpu_of_family(leader: psutil.Process) -> float:
    """Processor time of a process, of what it started, and of what it started that has ended."""
    try:
        times = leader.cpu_times()
        ended = times.children_user + times.children_system if hasattr(times, "children_user") else 0.0
        return sum(cpu_seconds(one) or 0.0 for one in [leader, *leader.children(recursive=True)]) + ended
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


def database() -> list[psutil.Process]:
    """Every process of the PostgreSQL server of this thread's connection; none when it runs elsewhere."""
    found = backend()
    server = found.parent() if found is not None else None
    return [server, *server.children()] if server is not None else []


@dataclass(frozen=True)
class Memory:
    """Megabytes of a process: all that it sees (RSS), and its part when what it shares with others is counted once.

    `kind` says how the part was measured: PSS (Linux), USS (elsewhere: what is shared is left out), RSS where the
    system tells no more (what is shared is then counted several times).
    """

    resident: float
    share: float
    kind: str


def memory(process: psutil.Process) -> Memory:
    """What a process uses now."""
    resident = process.memory_info().rss / MEGABYTE
    try:
        full = process.memory_full_info()
    except psutil.AccessDenied:
        return Memory(resident, resident, "RSS")
    if hasattr(full, "pss"):
        return Memory(resident, full.pss / MEGABYTE, "PSS")
    return Memory(resident, full.uss / MEGABYTE, "USS")
