"""Programs are told apart, and what they use is measured."""

import time

import psutil
import pytest

from bench import processes


@pytest.mark.django_db
def test_the_process_behind_the_connection_is_found() -> None:
    backend = processes.backend()
    server = processes.database()

    assert backend is not None
    assert backend in server
    assert all(process.name().startswith("postgres") for process in server)


def test_processor_time_grows_with_work() -> None:
    me = psutil.Process()
    before = processes.cpu_seconds(me)
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    after = processes.cpu_seconds(me)

    assert before is not None
    assert after is not None
    assert after - before >= 0.03
    assert processes.cpu_seconds(None) is None


def test_the_part_of_a_process_is_no_more_than_all_it_sees() -> None:
    used = processes.memory(psutil.Process())

    assert 10 < used.share <= used.resident * 1.05
    assert used.kind in {"PSS", "USS"}
