"""Made-up associations with keys, and old referrals by the thousand: `python -m bench.synthetic_referrals COUNT`.

Ciphertexts are random bytes, as sealed ones look; nobody can open them, and nothing here ever was a person's.
"""

import os
import random
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from bench.progress import Progress
from referrals import crypto, keyring
from referrals.models import Member, Partner, Referrer, Urgency
from resources.vocabulary import DEPARTEMENTS, Gender, Need

SEED = 2026
TEAMS = 8
ROOM = 10_000_000
OPEN_SHARE = 0.02
LONGEST_AGO = 700
DAYS_KEPT = 730
ROWS_AT_ONCE = 2_000
DESK = "permanence-inventee"


def slugs() -> list[str]:
    """Teams that take everybody, then the duty desk."""
    return [*(f"equipe-inventee-{number}" for number in range(1, TEAMS + 1)), DESK]


def make_teams() -> None:
    """Partners that can be written to: two members and a team key each; the private halves are thrown away."""
    day = date(2026, 1, 1)
    for slug in slugs():
        partner = Partner.objects.create(
            slug=slug,
            name=slug,
            needs=list(Need.values),
            departements=list(DEPARTEMENTS),
            genders=list(Gender.values),
            languages=["fr"],
            referrers=list(Referrer.values),
            urgencies=list(Urgency.values),
            commune="93008",
            capacity=ROOM,
            opening_hours="Mo-Fr 09:00-18:00",
            is_duty_desk=slug == DESK,
        )
        keys = []
        for number in (1, 2):
            user = User.objects.create_user(f"{slug}-{number}@example.org")
            member = Member.objects.create(partner=partner, user=user, joined_on=day)
            pair = crypto.new_pair()
            locked = crypto.lock_private_key(pair, under=crypto.new_key(), way="paper")
            new = keyring.NewMemberKey(pair.public, os.urandom(16), locked, os.urandom(16), locked)
            keys.append((member, keyring.set_up(member, new, on=day), pair))
        team = crypto.new_pair()
        info = crypto.share_info(partner=slug, epoch=1)
        shares = {key.pk: crypto.wrap(team.private, to=pair.public, info=info) for _member, key, pair in keys}
        keyring.start_team(keys[0][0], keyring.NewEpoch(1, team.public, shares, {}), on=day)


def old_referrals(count: int, partners: list[int], *, first: int) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
    """Rows of each table, some thousands of referrals at a time; `first` is the first key. Those of the last team have
    all ended: bench.inbox fills its inbox, with as many at every size."""
    chance = random.Random(SEED)
    today = timezone.localdate()
    for start in range(first, first + count, ROWS_AT_ONCE):
        rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
        for key in range(start, min(start + ROWS_AT_ONCE, first + count)):
            is_open = chance.random() < OPEN_SHARE
            day = today - timedelta(days=chance.randint(1, LONGEST_AGO))
            partner = chance.choice(partners[:-1] if is_open else partners)
            rows["referrals_referral"].append(
                (
                    key,
                    f"{key:032x}",
                    os.urandom(32),
                    1,
                    os.urandom(32),
                    "acknowledged" if is_open else "closed",
                    "week",
                    day,
                    None if is_open else day,
                    day + timedelta(days=DAYS_KEPT),
                )
            )
            rows["referrals_planstep"].append((key, partner, 0, "acknowledged" if is_open else "closed", ""))
            rows["referrals_message"].append((key, key, 0, "s", day, os.urandom(8220)))
            rows["referrals_messagewrap"] += [
                (key, partner, 1, os.urandom(32), os.urandom(48)),
                (key, None, 0, os.urandom(32), os.urandom(48)),
            ]
            rows["referrals_event"] += [(key, "submitted", day), (key, "acknowledged", day)]
        yield rows


COLUMNS = {
    "referrals_referral": "id, public_id, locator_hash, pepper_epoch, case_key, status, urgency, received_on,"
    " closed_on, dies_on",
    "referrals_planstep": "referral_id, partner_id, position, state, decline_code",
    "referrals_message": "id, referral_id, sequence, direction, day, ciphertext",
    "referrals_messagewrap": "message_id, partner_id, epoch, enc, ct",
    "referrals_event": "referral_id, kind, day",
}


def fill(count: int, *, tell: Callable[[str], None]) -> None:
    """Teams and so many referrals in the database of DATABASE_URL, which is empty; all or nothing."""
    with transaction.atomic():
        make_teams()
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM referrals_partner WHERE NOT is_duty_desk ORDER BY id")
            partners = [row[0] for row in cursor.fetchall()]
            for done, rows in enumerate(old_referrals(count, partners, first=1)):
                tell(f"Demandes inventées : {done * ROWS_AT_ONCE} sur {count}")
                for table, columns in COLUMNS.items():
                    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                        for row in rows[table]:
                            copy.write_row(row)
            for table in ("referrals_referral", "referrals_message"):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s)", [count + 1])
            cursor.execute(
                "UPDATE referrals_partner SET own_open = (SELECT count(*) FROM referrals_planstep JOIN"
                " referrals_referral ON referrals_referral.id = referral_id WHERE partner_id = referrals_partner.id AND"
                " referrals_referral.status <> 'closed')"
            )
    with connection.cursor() as cursor:
        for table in chain(COLUMNS, ["referrals_partner", "referrals_teamkey"]):
            cursor.execute(f"ANALYZE {table}")


if __name__ == "__main__":
    fill(int(sys.argv[1]), tell=Progress())
