"""A step has the site's own settings, and nothing outlives it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench import steps
from config import children

SLEEPING = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"


def test_a_step_sees_only_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECLAIRCIE_PUBLIC_URL", "https://example.org")
    monkeypatch.setenv("DATABASE_URL_FILE", "/run/secrets/base")
    monkeypatch.setenv("LANG", "C")

    seen = steps.surroundings("postgresql:///x")

    ours = {name: value for name, value in seen.items() if name.startswith(("ECLAIRCIE_", "DATABASE_URL"))}
    assert ours == {"DATABASE_URL": "postgresql:///x", "ECLAIRCIE_VAR_DIR": str(steps.VAR)}
    assert seen["LANG"] == "C"


def test_a_step_that_fails_stops_everything() -> None:
    with pytest.raises(steps.StepFailed, match=r"\AArrêt : « -c raise SystemExit\(3\) » a échoué \(3\)\.\Z"):
        steps.run("-c", "raise SystemExit(3)", url=steps.NO_DATABASE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_the_benchmarks_ends_the_step_too(tmp_path: Path, number: signal.Signals) -> None:
    begun = tmp_path / "begun"
    run = f"steps.run('-c', {SLEEPING!r}, {str(begun)!r}, url=steps.NO_DATABASE)"
    bench = subprocess.Popen([sys.executable, "-c", f"from bench import steps; steps.end_on_signals(); {run}"])
    limit = time.monotonic() + 20
    while not begun.exists() and time.monotonic() < limit:
        time.sleep(0.02)
    family = psutil.Process(bench.pid).children(recursive=True)

    bench.send_signal(number)

    assert bench.wait(timeout=15) == 1
    assert len(family) == 1
    children.wait_for_end(family, seconds=5)
    assert all(map(children.has_ended, family))
