"""A site that can be tried out: invented associations with teams and keys, accounts to sign in with, and referrals.

Everything that a member's browser makes, and that no server may ever see, is made here on the server: private keys, a
passphrase. That is right for a demonstration on one machine and for nothing else; `manage.py create_demo` refuses to
run elsewhere.
"""

import base64
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from unicodedata import normalize

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.contrib.auth.hashers import make_password
from mnemonic import Mnemonic

from accounts.models import User
from referrals import codes, crypto, escalation, keyring, lifecycle, partners_file, routing, sealing
from referrals.forms import facts_to_seal
from referrals.models import Member, MemberKey, Partner, Referral, Urgency

PARTNERS = Path(__file__).resolve().parent / "data" / "partners_demo.json"
PLACE = "demo.example"  # a name that no machine has
TOTP_BYTES = 20
WORDS_OF_A_PASSWORD = 4
PAPER_BYTES = 16

Who = tuple[str, str]  # role in words, address


@dataclass(slots=True)
class Secrets:
    """What opens the demonstration; drawn at the first start, and kept beside the site.

    One password, one passphrase and one TOTP secret for all accounts: whoever tries the site out changes roles often.
    """

    password: str
    passphrase: str
    totp: str
    paper: str
    codes: dict[str, str] = field(default_factory=dict)  # which referral: six words


@dataclass(frozen=True, slots=True)
class Story:
    """A referral of the demonstration: what became of it, who is asked, what it says."""

    became: str
    asked: tuple[str, ...]
    text: str
    urgency: str = Urgency.DAY


STORIES = (
    Story(
        "en attente",
        ("les-tilleuls", "la-passerelle"),
        "Bonjour. J’ai seize ans. Je ne dors plus chez moi et je ne sais pas à qui parler.",
    ),
    Story(
        "répondue",
        ("les-tilleuls", "la-passerelle"),
        "Une amie m’a parlé de vous. Je voudrais juste poser une question, sans donner mon nom.",
    ),
    Story("prise en charge", ("les-tilleuls",), "Je cherche un endroit calme pour parler, le mercredi.", Urgency.WEEK),
    Story("refusée, passée à la suite", ("la-passerelle", "les-tilleuls"), "J’ai dix-neuf ans et je suis à Bobigny."),
    Story("sans réponse à temps", ("les-amarres",), "Je peux venir ce soir si vous avez une place."),
    Story("terminée", ("les-tilleuls",), "Merci, j’ai trouvé quelqu’un. Vous pouvez fermer."),
)
WITH_A_CODE = ("en attente", "répondue")


def create(*, folder: Path, at: datetime) -> tuple[Secrets, bool]:
    """Whatever of the demonstration is not there yet; True when something was made.

    What somebody changed since stays. Raises partners_file.PartnersFileError.
    """
    known = secrets_in(folder / "secrets.json")
    fresh = [row for row in partners_file.read(PARTNERS) if not Partner.objects.filter(slug=row.slug).exists()]
    partners_file.load(fresh)
    made = [person for person in staff() if sign_up(person, known)]
    teams = [partner for partner in demo_partners() if start_team(partner, known, at=at)]
    if teams and not Referral.objects.exists():
        tell_stories(known, at=at)
        write(folder / "secrets.json", known)
    return known, bool(fresh or made or teams)


def is_at_home() -> bool:
    """Whether the database is empty of accounts, or holds this demonstration: no other one is ever added to."""
    (_role, moderator), *_others = staff()
    return User.objects.filter(email=moderator).exists() or not User.objects.exists()


def demo_partners() -> list[Partner]:
    """The associations of the file."""
    return list(Partner.objects.filter(slug__in=[row.slug for row in partners_file.read(PARTNERS)]))


# --- accounts -------------------------------------------------------------------------------------------------------


def staff() -> list[Who]:
    """Two moderators, since a change takes two, and an operator."""
    moderators = [("modération", f"moderation-{number}@{PLACE}") for number in (1, 2)]
    return [*moderators, ("exploitation", f"exploitation@{PLACE}")]


def team_of(partner: Partner) -> list[Who]:
    """Two members of each association."""
    return [("responsable", f"responsable@{partner.slug}.{PLACE}"), ("membre", f"membre@{partner.slug}.{PLACE}")]


def sign_up(who: Who, known: Secrets) -> User | None:
    """An account with a second factor; None when the address has one."""
    role, email = who
    if User.objects.filter(email=email).exists():
        return None
    user = User.objects.create(
        email=email,
        password=password_hash(known.password),
        is_staff=role == "modération",
        is_superuser=role == "exploitation",
    )
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt(known.totp)})
    return user


_hashes: dict[str, str] = {}


def password_hash(password: str) -> str:
    """The slow part of an account, once for all of them."""
    return _hashes.setdefault(password, make_password(password))


# --- teams and keys -------------------------------------------------------------------------------------------------


def start_team(partner: Partner, known: Secrets, *, at: datetime) -> bool:
    """Two members with keys, and a key for their team; False when the association has members already."""
    if Member.objects.filter(partner=partner).exists():
        return False
    day = lifecycle.day_of(at)
    roles = [Member.Role.MANAGER, Member.Role.MEMBER]
    members = []
    for role, who in zip(roles, team_of(partner), strict=True):
        user = sign_up(who, known) or User.objects.get(email=who[1])
        members.append(Member.objects.create(partner=partner, user=user, role=role, name=who[0], joined_on=day))
    keys = [set_up(member, known, at=at) for member in members]
    pair, info = crypto.new_pair(), crypto.share_info(partner=partner.slug, epoch=1)
    shares = {key.pk: crypto.wrap(pair.private, to=bytes(key.public_key), info=info) for key in keys}
    keyring.start_team(members[0], keyring.NewEpoch(1, pair.public, shares, {}), on=day)
    return True


def set_up(member: Member, known: Secrets, *, at: datetime) -> MemberKey:
    """A member's key, locked by the passphrase and the paper phrase of the demonstration (docs/sealing.md)."""
    pair = crypto.new_pair()
    by_words, by_paper = secrets.token_bytes(crypto.SALT_BYTES), secrets.token_bytes(crypto.SALT_BYTES)
    stretched = crypto.stretch(normalize("NFKC", known.passphrase).encode(), salt=by_words)
    derived = crypto.derive(bytes(Mnemonic("french").to_entropy(known.paper)), salt=by_paper, info=b"eclaircie/1/paper")
    made = keyring.NewMemberKey(
        public_key=pair.public,
        passphrase_salt=by_words,
        by_passphrase=crypto.lock_private_key(pair, under=stretched, way="passphrase"),
        paper_salt=by_paper,
        by_paper=crypto.lock_private_key(pair, under=derived, way="paper"),
    )
    return keyring.set_up(member, made, on=lifecycle.day_of(at))


# --- referrals ------------------------------------------------------------------------------------------------------


def tell_stories(known: Secrets, *, at: datetime) -> None:
    """One referral in each state; the codes of two of them are kept."""
    for story in STORIES:
        began = at - timedelta(hours=25 if story.became == "sans réponse à temps" else 2)
        code, referral = begin(story, at=began)
        if story.became in ENDINGS:
            ENDINGS[story.became](referral, at)
        if story.became in WITH_A_CODE:
            known.codes[story.became] = code.words()


def begin(story: Story, *, at: datetime) -> tuple[codes.Code, Referral]:
    """The first message, sealed to those who are asked and to the duty desk."""
    teams = keyring.addressees()
    desk = [team for team in teams.values() if team.is_duty_desk]
    plan = [*(teams[slug] for slug in story.asked), *desk]
    facts = routing.Facts(age_band="15-17", departement="93", urgency=story.urgency)
    letter = sealing.Letter(story.text, facts=facts_to_seal(facts))
    code, sealed = sealing.seal_first(letter, to=plan)
    return code, lifecycle.submit(sealed, plan=plan, urgency=story.urgency, at=at)


def holder(referral: Referral) -> Member:
    """Somebody of the team that has it."""
    step = referral.plan.get(state__in=lifecycle.HELD)
    return Member.objects.filter(partner=step.partner_id).earliest("pk")


def take(referral: Referral, at: datetime) -> None:
    """Taken, not answered."""
    lifecycle.acknowledge(referral, member=holder(referral), at=at)


def reply(referral: Referral, at: datetime) -> None:
    """Taken and answered."""
    take(referral, at)
    member = holder(referral)
    own = keyring.addressees(slugs=[member.partner.slug])[member.partner.slug]
    letter = sealing.Letter("Bonjour. Vous avez bien fait d’écrire. Posez votre question ici, nous répondons ce soir.")
    case = bytes(referral.case_key)
    context = crypto.Context(case, lifecycle.next_sequence(referral), crypto.Direction.PARTNER)
    message = sealing.seal_message(letter.payload(), context=context, to=[own], sender=case)
    lifecycle.answer(referral, message, member=member, own=own, at=at)


def refuse(referral: Referral, at: datetime) -> None:
    """Declined by the first team; the next one has it."""
    lifecycle.decline(referral, member=holder(referral), code="full", at=at)


def let_pass(_referral: Referral, at: datetime) -> None:
    """Nobody took it in time; the duty desk has it."""
    escalation.escalate(at=at)


def finish(referral: Referral, at: datetime) -> None:
    """Answered and closed."""
    reply(referral, at)
    lifecycle.close(referral, member=holder(referral), at=at, outcome="helped")


ENDINGS: dict[str, Callable[[Referral, datetime], None]] = {
    "prise en charge": take,
    "répondue": reply,
    "refusée, passée à la suite": refuse,
    "sans réponse à temps": let_pass,
    "terminée": finish,
}


# --- what opens it --------------------------------------------------------------------------------------------------


def secrets_in(path: Path) -> Secrets:
    """Those kept in a file, drawn and written when there is none."""
    if path.exists():
        return Secrets(**json.loads(path.read_text(encoding="utf-8")))
    drawn = Secrets(
        password="-".join(codes.fold(word) for word in some_words()),
        passphrase=" ".join(some_words()),
        totp=base64.b32encode(secrets.token_bytes(TOTP_BYTES)).decode(),
        paper=Mnemonic("french").to_mnemonic(secrets.token_bytes(PAPER_BYTES)),
    )
    write(path, drawn)
    return drawn


def some_words() -> list[str]:
    """A few words by chance."""
    return [secrets.choice(codes.words()) for _word in range(WORDS_OF_A_PASSWORD)]


def write(path: Path, content: Secrets) -> None:
    """Keep them where only their owner reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(content), ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(path)
