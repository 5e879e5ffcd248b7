"""Test data by plain functions: each gives one saved row that is valid, and takes what matters to the test."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import count
from secrets import token_bytes
from typing import Any
from unicodedata import normalize
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from referrals import crypto, keyring, lifecycle, sealing, statistics
from referrals.access import context_of
from referrals.codes import Code
from referrals.keyring import Addressee
from referrals.models import Member, MemberKey, MessageWrap, Partner, Referral, Referrer, TeamKey, Urgency
from referrals.sealing import SealedMessage
from resources import facts as told
from resources import indexing, moderation, translations
from resources.models import (
    AccessChannel,
    Commune,
    Organisation,
    Page,
    Place,
    Proposal,
    Service,
    Translation,
    Vote,
    public_id_of,
)
from resources.opening import ALWAYS
from resources.vocabulary import DEPARTEMENTS, Gender, Need

_numbers = count(1)
CHECKED_ON = date(2026, 11, 1)
JOINED_ON = date(2026, 1, 5)
PASSPHRASE = "quatre chats dorment sur le toit"


def an_organisation(**facts: Any) -> Organisation:
    """An organisation with a name of its own."""
    return Organisation.objects.create(**{"name": f"Association {next(_numbers)}", **facts})


def a_commune(insee: str = "93008", **facts: Any) -> Commune:
    """Bobigny, or another commune."""
    defaults = {
        "name": "Bobigny",
        "kind": "commune-actuelle",
        "departement": insee[:2],
        "postcodes": ["93000"],
        "population": 56927,
        "latitude": 48.9098,
        "longitude": 2.4501,
        "coord_source": "test",
    }
    return Commune.objects.update_or_create(insee=insee, defaults={**defaults, **facts})[0]


def a_service(*, phones: list[str] | None = None, website: str = "", indexed: bool = True, **facts: Any) -> Service:
    """A published service, checked, with public phones and site when given."""
    number = next(_numbers)
    published = facts.get("status", Service.Status.PUBLISHED) == Service.Status.PUBLISHED
    checked = {
        "published_at": timezone.now(),
        "verified_on": CHECKED_ON,
        "verified_by_check": Service.Check.CALL,
        "verified_until": CHECKED_ON + timedelta(days=400),
    }
    organisation = facts.pop("organisation", None) or an_organisation()
    service = Service.objects.create(
        **{
            "slug": f"service-{number}",
            "name": f"Service {number}",
            "kind": "association",
            "organisation": organisation,
            **(checked if published else {}),
            **facts,
            "status": facts.get("status", "pending") if not published else "pending",
        }
    )
    if published:
        with agreed_by_two(service):
            service.status = Service.Status.PUBLISHED
            service.save(update_fields=["status"])
    for phone in phones or []:
        a_channel(service, kind="phone", value=phone)
    if website:
        a_channel(service, kind="web", value=website)
    if indexed:
        index(service)
    return service


def many_services(
    number: int, *, phones: Sequence[str] = (), commune: Commune | None = None, **facts: Any
) -> list[Service]:
    """So many published services with an organisation each, entered at once as a starter file enters them, which takes
    a twentieth of the time; not indexed."""
    numbers = [next(_numbers) for _service in range(number)]
    identifiers = [uuid4() for _service in range(number)]
    organisations = Organisation.objects.bulk_create(Organisation(name=f"Association {number}") for number in numbers)
    with transaction.atomic():
        services = Service.objects.bulk_create(
            Service(
                **{
                    "id": identifier,
                    "public_id": public_id_of(identifier),
                    "slug": f"service-{number}",
                    "name": f"Service {number}",
                    "kind": "association",
                    "organisation": organisation,
                    "verified_on": CHECKED_ON,
                    "verified_by_check": Service.Check.OFFICIAL_PAGE,
                    "verified_until": CHECKED_ON + timedelta(days=400),
                    **facts,
                }
            )
            for number, organisation, identifier in zip(numbers, organisations, identifiers, strict=True)
        )
        AccessChannel.objects.bulk_create(
            AccessChannel(service=service, kind="phone", value=phone) for service in services for phone in phones
        )
        if commune is not None:
            Place.objects.bulk_create(Place(service=service, commune=commune) for service in services)
        moderation.publish_first(services)
    return services


def a_channel(service: Service, **facts: Any) -> AccessChannel:
    """A way in, by telephone unless said otherwise."""
    channel = AccessChannel(**{"service": service, "kind": "phone", "value": "0199000000", **facts})
    if service.status != Service.Status.PUBLISHED:
        channel.save()
        return channel
    with agreed_by_two(service, channels=[channel]):
        channel.save()
    return channel


def a_place(service: Service, **facts: Any) -> Place:
    """A public place in Bobigny unless said otherwise; the service is indexed anew."""
    place = Place(**{"service": service, "commune": a_commune(), **facts})
    if service.status != Service.Status.PUBLISHED:
        place.save()
        return place
    with agreed_by_two(service, places=[place]):
        place.save()
    index(service)
    return place


@contextmanager
def agreed_by_two(
    service: Service, *, channels: Sequence[AccessChannel] = (), places: Sequence[Place] = ()
) -> Iterator[None]:
    """Two moderators agree, as the database wants it, to what is written inside; nothing of it stays."""
    said = {
        **told.of(service),
        "channels": [{"kind": c.kind, "value": c.value, "visibility": c.visibility, "note": c.note} for c in channels],
        "places": [
            {
                "commune": p.commune_id,
                "confidential": p.confidential,
                "address": p.address,
                "latitude": p.latitude,
                "longitude": p.longitude,
            }
            for p in places
        ],
    }
    if service.status != Service.Status.PUBLISHED:
        said |= {name: told.of(service)[name] for name in ("channels", "places")}
    with transaction.atomic():
        proposal = Proposal.objects.create(
            kind=Proposal.Kind.PUBLISH,
            origin=Proposal.Origin.STARTER,
            service=service,
            changes={name: {"before": None, "after": value} for name, value in said.items()},
            proposed_on=CHECKED_ON,
        )
        moderators = [User.objects.get_or_create(email=f"accord-{number}@example.org")[0] for number in (1, 2)]
        agreeing = User.objects.filter(pk__in=[moderator.pk for moderator in moderators])
        agreeing.update(is_staff=True)
        for moderator in moderators:
            Vote.objects.create(proposal=proposal, moderator=moderator, verdict=Vote.Verdict.APPROVE, revision=1)
        with moderation.remembered(moderator=None, proposal=proposal, why="test"):
            yield
        proposal.delete()
        agreeing.update(is_staff=False)


def a_page(**texts: Any) -> Page:
    """A page that explains, entered as starter files enter them."""
    number = next(_numbers)
    page = Page(
        **{
            "slug": f"page-{number}",
            "position": number % 1000,
            "tab": f"Page {number}",
            "title": f"Titre {number} ?",
            "lead": "Tu lis à ton rythme.",
            "text": "## Un titre\n\nUne phrase.",
            **texts,
        }
    )
    with transaction.atomic():
        moderation.set_for_this_transaction("eclaircie.first_load", "on")
        page.save()
        moderation.set_for_this_transaction("eclaircie.first_load", "")
    return page


def a_translation(about: Page | Service, *, field: str, text: str, **facts: Any) -> Translation:
    """What a text says in English, of the French of now, by a machine unless said otherwise."""
    owner = {"page" if isinstance(about, Page) else "service": about}
    digest = translations.digest(getattr(about, field))
    return Translation.objects.create(
        **{"language": "en", "field": field, "text": text, "source_digest": digest, **owner, **facts}
    )


def index(*services: Service) -> None:
    """Let search see them as they are now."""
    indexing.reindex(services)
    indexing.count_words()


# --- referrals ------------------------------------------------------------------------------------------------------


def a_partner(**facts: Any) -> Partner:
    """A fictional association that takes everybody for everything, always open, unless said otherwise."""
    number = next(_numbers)
    return Partner.objects.create(
        **{
            "slug": f"partenaire-{number}",
            "name": f"Partenaire {number} (fictif)",
            "needs": list(Need.values),
            "departements": list(DEPARTEMENTS),
            "genders": list(Gender.values),
            "languages": ["fr"],
            "referrers": list(Referrer.values),
            "urgencies": list(Urgency.values),
            "commune": "93008",
            "capacity": 20,
            "opening_hours": ALWAYS,
            **facts,
        }
    )


def a_member(partner: Partner, **facts: Any) -> Member:
    """A person of a team with an account of their own, and no key yet."""
    user = facts.pop("user", None) or User.objects.create_user(f"personne-{next(_numbers)}@example.org")
    return Member.objects.create(**{"partner": partner, "user": user, "joined_on": JOINED_ON, **facts})


def a_key_of(member: Member, *, passphrase: str = PASSPHRASE) -> crypto.KeyPair:
    """Key set-up of a member, as their browser does it; the pair. The paper phrase is thrown away."""
    pair, paper_salt = crypto.new_pair(), token_bytes(crypto.SALT_BYTES)
    passphrase_salt, under = stretched(passphrase)
    keyring.set_up(
        member,
        keyring.NewMemberKey(
            public_key=pair.public,
            passphrase_salt=passphrase_salt,
            by_passphrase=crypto.lock_private_key(pair, under=under, way="passphrase"),
            paper_salt=paper_salt,
            by_paper=crypto.lock_private_key(pair, under=crypto.new_key(), way="paper"),
        ),
        on=JOINED_ON,
    )
    return pair


@cache
def stretched(passphrase: str) -> tuple[bytes, bytes]:
    """A salt, and what Argon2id makes of a passphrase with it: drawn once, because it takes 20 ms."""
    salt = token_bytes(crypto.SALT_BYTES)
    return salt, crypto.stretch(normalize("NFKC", passphrase).encode(), salt=salt)


@dataclass
class Team:
    """A live team with the private keys that in life only its members' browsers see."""

    partner: Partner
    members: list[Member]
    pairs: list[crypto.KeyPair]  # of the members, in the same order
    key: crypto.KeyPair  # of the current epoch

    @property
    def addressee(self) -> Addressee:
        """What messages are sealed to now."""
        return keyring.addressees(slugs=[self.partner.slug])[self.partner.slug]

    def share_for(self, member: Member) -> crypto.Wrap:
        """The current team key sealed to a member who has a key."""
        epoch = TeamKey.objects.get(partner=self.partner, retired_on__isnull=True).epoch
        info = crypto.share_info(partner=self.partner.slug, epoch=epoch)
        return crypto.wrap(self.key.private, to=bytes(MemberKey.objects.get(member=member).public_key), info=info)

    def read(self, referral: Referral) -> list[str]:
        """What the team can open of a referral under its current key, first to last."""
        texts = []
        for wrap in MessageWrap.objects.filter(message__referral=referral, partner=self.partner).order_by("message"):
            context = context_of(referral, wrap.message)
            info = crypto.key_info(context, to=self.partner.slug, epoch=wrap.epoch)
            key = crypto.unwrap(crypto.Wrap(bytes(wrap.enc), bytes(wrap.ct)), private=self.key.private, info=info)
            opened = crypto.unseal(bytes(wrap.message.ciphertext), key=key, context=context)
            texts.append(str(json.loads(opened)["text"]))
        return texts


def a_team(partner: Partner | None = None, *, people: int = 2, passphrase: str = PASSPHRASE) -> Team:
    """A partner that can be written to: so many members with keys, the first one a manager, and a live team key."""
    partner = partner or a_partner()
    roles = [Member.Role.MANAGER, *[Member.Role.MEMBER] * (people - 1)]
    members = [a_member(partner, role=role) for role in roles]
    pairs = [a_key_of(member, passphrase=passphrase) for member in members]
    team_key = crypto.new_pair()
    info = crypto.share_info(partner=partner.slug, epoch=1)
    keys = [member.key.pk for member in members]
    shares = {
        pk: crypto.wrap(team_key.private, to=pair.public, info=info) for pk, pair in zip(keys, pairs, strict=True)
    }
    keyring.start_team(
        members[0], keyring.NewEpoch(epoch=1, public_key=team_key.public, shares=shares, rewraps={}), on=JOINED_ON
    )
    return Team(partner, members, pairs, team_key)


@dataclass
class Sent:
    """A referral and the code that only its sender has."""

    referral: Referral
    code: Code

    @property
    def pair(self) -> crypto.KeyPair:
        """The sender's keys."""
        return sealing.keys_of(self.code, epoch=self.referral.pepper_epoch)[1]

    def readers(self) -> list[Addressee]:
        """Whom the sender's next message is sealed to."""
        teams = {one.partner_id: one for one in keyring.addressees().values()}
        return [teams[partner] for partner in lifecycle.readers_of(self.referral) if partner in teams]

    def writes_again(self, text: str) -> SealedMessage:
        """The sender's next message, sealed."""
        sequence = self.referral.messages.count()
        return sealing.seal_again(text, pair=self.pair, sequence=sequence, to=self.readers())


def a_referral(
    *teams: Team, text: str = "J’ai besoin d’aide.", urgency: str = Urgency.DAY, at: datetime | None = None
) -> Sent:
    """A referral that waits with the first of the teams, or of a new one; the others are asked next."""
    plan = [team.addressee for team in teams or (a_team(),)]
    code, sealed = sealing.seal_first(sealing.Letter(text), to=plan)
    return Sent(lifecycle.submit(sealed, plan=plan, urgency=urgency, at=at or timezone.now()), code)


def an_answer(team: Team, sent: Sent, text: str = "Bonjour, nous sommes là.") -> SealedMessage:
    """A team's next message to the sender, sealed to her and to the team itself."""
    referral = sent.referral
    context = crypto.Context(bytes(referral.case_key), referral.messages.count(), crypto.Direction.PARTNER)
    return sealing.seal_message(
        sealing.Letter(text).payload(), context=context, to=[team.addressee], sender=bytes(referral.case_key)
    )


def figures(on: date) -> dict[str, int]:
    """Monthly figures after the worker added up what was noted."""
    statistics.merge(on=on)
    return statistics.of_month(on)
