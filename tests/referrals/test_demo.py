"""The demonstration: whole after one run, the same after two, and impossible where others could reach it."""

import stat
import time
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.contrib.auth import authenticate
from django.core import management
from django.core.management.base import CommandError
from django.http import Http404
from django.test import Client, RequestFactory
from mnemonic import Mnemonic
from pytest_django import Settings

from accounts.models import User
from config import demo_mail
from referrals import codes, crypto, demo, follow_up
from referrals.models import Member, MemberKey, Partner, PlanStep, Referral, TeamKeyShare
from tests.config.test_environment import start_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A demonstration of this test's own."""
    settings.DEMO, settings.DEMO_DIR = True, tmp_path / "demo"
    # Hashing takes a third of a second; what is hashed is not what is tested.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    demo._hashes.clear()
    return tmp_path / "demo"


def run(capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints."""
    management.call_command("create_demo")
    return capsys.readouterr().out


def counts() -> list[int]:
    """How many rows of each there are."""
    return [model.objects.count() for model in (User, Member, MemberKey, TeamKeyShare, Partner, Referral)]


def test_a_second_run_says_the_same_and_makes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, made = run(capsys), counts()

    began = time.monotonic()
    second = run(capsys)

    assert time.monotonic() - began < 2
    assert (second, counts()) == (first, made)
    assert made == [25, 22, 22, 22, 11, 6]
    assert Partner.objects.live().count() == 11


def test_whoever_reads_the_table_gets_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys)
    known = demo.secrets_in(folder / "secrets.json")
    emails = [word for word in said.split() if "@" in word]

    assert all(secret in said for secret in (known.password, known.passphrase, known.totp, known.paper))
    assert len(emails) == 3
    for email in emails:
        user = authenticate(email=email, password=known.password)
        assert user is not None
        totp = Authenticator.objects.get(user_id=user.pk, type="totp")
        assert known.totp not in str(totp.data)
        assert decrypt(totp.data["secret"]) == known.totp
        assert TOTP(totp).validate_code(format_hotp_value(hotp_value(known.totp, int(time.time()) // 30)))
    assert stat.S_IMODE((folder / "secrets.json").stat().st_mode) == 0o600
    everybody = (folder / "comptes.txt").read_text(encoding="utf-8")
    assert everybody.count("@") == 25
    assert stat.S_IMODE((folder / "comptes.txt").stat().st_mode) == 0o600


def test_passphrase_and_paper_open_every_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys)
    known = demo.secrets_in(folder / "secrets.json")
    entropy = bytes(Mnemonic("french").to_entropy(known.paper))

    for share in TeamKeyShare.objects.select_related("member_key", "team_key__partner")[:4]:
        key = share.member_key
        public = bytes(key.public_key)
        stretched = crypto.stretch(known.passphrase.encode(), salt=bytes(key.passphrase_salt))
        derived = crypto.derive(entropy, salt=bytes(key.paper_salt), info=b"eclaircie/1/paper")
        by_words = crypto.unlock_private_key(bytes(key.by_passphrase), public=public, under=stretched, way="passphrase")
        by_paper = crypto.unlock_private_key(bytes(key.by_paper), public=public, under=derived, way="paper")
        assert by_words == by_paper
        info = crypto.share_info(partner=share.team_key.partner.slug, epoch=1)
        opened = crypto.unwrap(crypto.Wrap(bytes(share.enc), bytes(share.ct)), private=by_words.private, info=info)
        assert crypto.pair_of(opened).public == bytes(share.team_key.public_key)


def test_there_is_a_referral_in_each_state_and_two_codes_open_theirs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run(capsys)
    known = demo.secrets_in(folder / "secrets.json")

    plans = [
        (referral.status, [step.state for step in referral.plan.all()])
        for referral in Referral.objects.order_by("pk").prefetch_related("plan")
    ]
    assert plans == [
        ("waiting", ["waiting", "planned", "planned"]),
        ("answered", ["acknowledged", "planned", "planned"]),
        ("acknowledged", ["acknowledged", "planned"]),
        ("waiting", ["declined", "waiting", "planned"]),
        ("waiting", ["overdue", "waiting"]),
        ("closed", ["closed", "planned"]),
    ]
    overdue = PlanStep.objects.get(state="overdue").referral
    assert overdue.plan.get(state="waiting").partner.is_duty_desk
    opened = [follow_up.open_with_code(codes.read_code(words)) for words in known.codes.values()]
    assert [len(one.messages) for one in opened] == [1, 2]
    assert all(words in said for words in known.codes.values())
    held = PlanStep.objects.filter(state__in=["waiting", "acknowledged"])
    assert sum(Partner.objects.values_list("own_open", flat=True)) == held.count() == 5


def test_what_somebody_changed_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys)
    Partner.objects.filter(slug="les-tilleuls").update(capacity=3)
    Referral.objects.all().delete()

    run(capsys)

    assert Partner.objects.get(slug="les-tilleuls").capacity == 3
    assert Referral.objects.count() == 0


def test_a_base_that_people_use_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    User.objects.create_user("quelqu-un@example.org")

    assert run(capsys) == "Pas de démonstration : cette base a déjà des comptes. Rien n’a été créé.\n"
    assert counts() == [1, 0, 0, 0, 0, 0]


def test_mail_is_read_on_this_machine_only(folder: Path, rf: RequestFactory) -> None:
    mail = folder / "mail"
    for part in ("new", "cur", "tmp"):
        (mail / part).mkdir(parents=True)
    (mail / "new" / "1").write_text("To: a@example.org\nSubject: Bonjour\nDate: x\n\nUn lien <b>\n", encoding="utf-8")

    assert demo_mail.kept() == [demo_mail.Mail("a@example.org", "x", "Bonjour", "Un lien <b>\n")]
    with pytest.raises(Http404):
        demo_mail.mails(rf.get("/espace/courrier-demo/", REMOTE_ADDR="192.168.1.7"))


def test_the_page_of_mails_is_no_address_of_a_real_site(client: Client) -> None:
    assert client.get("/espace/courrier-demo/").status_code == 404


def test_without_the_setting_nothing_is_made(settings: Settings) -> None:
    settings.DEMO = False

    with pytest.raises(CommandError, match="ECLAIRCIE_DEMO=1"):
        management.call_command("create_demo")
    assert counts() == [0] * 6


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"ECLAIRCIE_PUBLIC_URL": "https://eclaircie.example.org"},
        {"ECLAIRCIE_PUBLIC_URL": "http://192.168.1.5:8000"},
        {"ECLAIRCIE_ALLOWED_HOSTS": "eclaircie.example.org"},
        {"ECLAIRCIE_ALLOWED_HOSTS": "localhost,*"},
    ],
)
def test_a_site_that_others_reach_does_not_start_as_a_demonstration(elsewhere: dict[str, str]) -> None:
    refused = start_with(ECLAIRCIE_DEMO="1", **elsewhere)

    assert refused.returncode == 1
    assert refused.stderr == (
        "Réglage ECLAIRCIE_DEMO : valeur refusée. Il faut 0 : une démonstration ne répond qu’à sa propre machine, et "
        "ECLAIRCIE_ALLOWED_HOSTS ou ECLAIRCIE_PUBLIC_URL en nomme une autre.\n"
    )
