"""What is left of a run that was killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil

from config import children


def test_a_child_is_known_again_by_the_moment_it_started(tmp_path: Path) -> None:
    note = tmp_path / "child.json"
    children.remember(os.getpid(), note)
    ours = json.loads(note.read_text(encoding="ascii"))

    assert children.remembered(note) == psutil.Process()
    note.write_text(json.dumps({**ours, "started": ours["started"] - 60}), encoding="ascii")
    assert children.remembered(note) is None


def test_an_unreadable_note_is_no_child(tmp_path: Path) -> None:
    note = tmp_path / "child.json"

    assert children.remembered(note) is None
    for text in ("", "[]", "{}", '{"pid": "x", "started": 1}'):
        note.write_text(text, encoding="ascii")
        assert children.remembered(note) is None


def test_a_stubborn_family_ends_all_the_same() -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    program = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {stubborn!r}]); {stubborn}"
    parent = subprocess.Popen([sys.executable, "-c", program], start_new_session=True, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout as ready:
        for _process in range(2):
            ready.readline()
    family = [psutil.Process(parent.pid), *psutil.Process(parent.pid).children()]

    children.stop_session(family[0], patience=0.5)
    parent.wait()

    assert len(family) == 2
    assert [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
