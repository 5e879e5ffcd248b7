"""The file of peppers: drawn once, read as it is now, and never replaced in silence."""

from pathlib import Path

import pytest
from pytest_django import Settings

from referrals.peppers import PeppersFileError, peppers, rotate
from tests.builders import a_referral

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(settings: Settings, tmp_path: Path) -> Path:
    """Where the file of this test is, once it is drawn."""
    settings.PEPPERS_FILE = tmp_path / "peppers.json"
    return tmp_path / "peppers.json"


def test_the_first_use_draws_them_and_only_their_owner_reads(path: Path) -> None:
    first = peppers()

    assert peppers() == first
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_lost_file_is_not_replaced_while_somebody_may_hold_a_code(path: Path) -> None:
    a_referral()
    path.unlink()

    with pytest.raises(PeppersFileError, match="manque, et il y a des demandes"):
        peppers()
    assert not path.exists()


def test_a_folder_that_is_none_is_told_in_one_line(path: Path, settings: Settings) -> None:
    path.touch()
    settings.PEPPERS_FILE = path / "peppers.json"

    with pytest.raises(PeppersFileError, match=r"peppers\.json ne peut pas être lu\.$"):
        peppers()


def test_another_epoch_is_known_at_once_and_earlier_ones_stay(path: Path) -> None:
    before = peppers()

    rotate()

    assert peppers().current.epoch == before.current.epoch + 1
    assert (peppers().salt, peppers().epochs[:-1]) == (before.salt, before.epochs)


@pytest.mark.parametrize("content", ["", "{}", '{"salt": "AAAA", "peppers": []}'])
def test_a_file_that_is_not_whole_is_refused(path: Path, content: str) -> None:
    path.write_text(content, encoding="ascii")

    with pytest.raises(PeppersFileError):
        peppers()
