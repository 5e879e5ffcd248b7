"""Steps of the benchmarks, each in a process of its own: nothing that one keeps in memory helps or slows the next."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

from django.conf import settings

from config import children, environment

VAR = settings.VAR_DIR / "bench"
MANAGE = "manage.py"
NO_DATABASE = "postgresql:///none"
OTHERS = (environment.PREFIX, "DATABASE_URL")
PATIENCE = 20.0  # seconds; stopping a web server takes some


class StepFailed(SystemExit):
    """Ends everything: what follows would measure something else."""

    def __init__(self, command: Sequence[str], code: int) -> None:
        super().__init__(f"Arrêt : « {' '.join(command)} » a échoué ({code}).")


def surroundings(url: str) -> dict[str, str]:
    """The environment of a step: the settings that the site has of itself, and a folder apart from the site's."""
    kept = {name: value for name, value in environment.for_child().items() if not name.startswith(OTHERS)}
    return {**kept, "DATABASE_URL": url, f"{environment.PREFIX}VAR_DIR": str(VAR)}


def run(*command: str, url: str) -> None:
    """Run Python with these arguments on a database until it ends; raises StepFailed.

    When we are stopped, so is the step, and what it started.
    """
    step = subprocess.Popen(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=surroundings(url),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=children.told_when_orphaned(signal.SIGTERM),  # noqa: PLW1509  # it takes no lock
    )
    try:
        step.wait()
    finally:
        stop(step)
    if step.returncode:
        raise StepFailed(command, step.returncode)


def stop(step: subprocess.Popen[bytes]) -> None:
    """End a step politely, or after a while at once."""
    if step.poll() is not None:
        return
    step.terminate()
    try:
        step.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        step.kill()
        step.wait()


def end_on_signals() -> None:
    """Ctrl-C and a request to end unwind what runs, so that all that was started is stopped."""
    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)


def leave(_number: int, _frame: FrameType | None) -> None:
    """Leave whatever is being done."""
    raise SystemExit(1)


def prepare() -> None:
    """What the steps find in their folder: style sheets under the names that pages use."""
    VAR.mkdir(parents=True, exist_ok=True)
    run(MANAGE, "collectstatic", "--verbosity", "0", "--no-input", "--clear", url=NO_DATABASE)
