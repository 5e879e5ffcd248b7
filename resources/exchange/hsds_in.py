"""Open Referral HSDS 3.1 as it comes in: our own export, lists and pages of others, one object a line."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import override

from resources.exchange.hsds import FORMAT_OF_HOURS
from resources.exchange.incoming import (
    Audience,
    Contact,
    Fault,
    Incoming,
    Provider,
    Reading,
    Row,
    Site,
    audience_of,
    identifier,
    kept_secret,
    known_languages,
    mail,
    note,
    opening,
    point,
    prose,
    street_line,
    telephone,
    title,
    web,
    whole_years,
)
from resources.exchange.json_reading import Member, members
from resources.exchange.listing import genders_in_words, international
from resources.exchange.starter_csv import one_of
from resources.exchange.taxonomies import KINDS, NEEDS, OPEN_ELIGIBILITY, TERM_BY_ID, TERMS, THEMES, Term
from resources.models import AccessChannel, Service, stable_uuid
from resources.vocabulary import DEPARTEMENTS, Gender, Kind, Need, Rule

Object = Mapping[str, object]
LISTS = frozenset({"services", "service", "contents", "items", "results", "data"})
ORGANISATIONS = frozenset({"organizations", "organization"})
STATUSES = {"active", "inactive", "defunct", "temporarily closed"}
GONE = frozenset({"inactive", "defunct"})
SMS_TYPES = frozenset({"text", "sms"})
CALL_TYPES = frozenset({"voice", "cell", "tty", "textphone", "hotline", ""})
REGION = "region/11"
AREA = re.compile(r"http://id\.insee\.fr/geo/(?P<path>region/11|departement/\d\d)")
DAYS = {"MO": "Mo", "TU": "Tu", "WE": "We", "TH": "Th", "FR": "Fr", "SA": "Sa", "SU": "Su"}
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
SLEEPING = frozenset({Need.HEBERGEMENT.value})


def read(path: Path) -> Iterator[Row]:
    """Services of a JSON file one by one, or why one of them is refused. Raises FileRefused, OSError.

    A service carries its organisation, stands inside it, or names one that the file lists beside.
    """
    with closing(Beside(path)) as beside, path.open(encoding="utf-8-sig") as file:
        for member in members(file, wanted=(LISTS | ORGANISATIONS).__contains__):
            for value in services_in(member):
                yield row(beside.completed(value), line=member.line)


def services_in(member: Member) -> Iterator[object]:
    """The service itself, or those of an organisation."""
    value = member.value
    inside = value.get("services") if isinstance(value, Mapping) else None
    if isinstance(value, Mapping) and isinstance(inside, list):
        owner = {name: said for name, said in value.items() if name != "services"}
        for one in inside:
            yield {"organization": owner, **one} if isinstance(one, Mapping) else one
    elif member.of not in ORGANISATIONS:
        yield value


class Beside:
    """Organisations that stand in a list of their own: read when the first service asks for one, and kept on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.aside: sqlite3.Connection | None = None

    def completed(self, value: object) -> object:
        """A service with its organisation, when it only names it and the file knows it."""
        if not isinstance(value, Mapping) or "organization" in value or not value.get("organization_id"):
            return value
        rows = self.kept().execute(
            "SELECT said FROM organisation WHERE id = ?", (json.dumps(value["organization_id"]),)
        )
        found = rows.fetchone()
        return {**value, "organization": json.loads(found[0])} if found else value

    def kept(self) -> sqlite3.Connection:
        """The organisations of the file, in a private database without a name."""
        if self.aside is None:
            self.aside = sqlite3.connect("")
            self.aside.execute("CREATE TABLE organisation (id TEXT PRIMARY KEY, said TEXT) WITHOUT ROWID")
            with self.path.open(encoding="utf-8-sig") as file:
                self.aside.executemany(
                    "INSERT OR REPLACE INTO organisation VALUES (?, ?)",
                    (
                        (json.dumps(member.value.get("id")), json.dumps(member.value))
                        for member in members(file, wanted=ORGANISATIONS.__contains__)
                        if isinstance(member.value, Mapping) and member.of in ORGANISATIONS
                    ),
                )
        return self.aside

    def close(self) -> None:
        """Forget them."""
        if self.aside is not None:
            self.aside.close()


def row(value: object, *, line: int) -> Row:
    """One service, or its faults."""
    if not isinstance(value, Mapping):
        return [Fault(line, "service", "un objet est attendu")]
    reading = Reading(line)
    found = service(reading, value)
    return reading.faults or kept_secret(found)


def service(reading: Reading, said: Object) -> Incoming:
    """A service in the words of the model, before anything is hidden; faults are noted in `reading`."""
    own = reading.need("id", said.get("id"), identifier, UUID(int=0))
    status = reading.need("status", said.get("status", "active"), one_of(STATUSES), "active")
    if status in GONE:
        reading.faults.append(Fault(reading.line, "status", "ce service n’existe plus"))
    terms = terms_of(reading, said)
    needs = tuple(dict.fromkeys(need for term in terms if term.taxonomy is NEEDS for need in sorted(term.needs)))
    kinds = [kind for term in terms if term.taxonomy is KINDS for kind in term.kinds]
    classified = bool(kinds)
    facts = Incoming(
        line=reading.line,
        id=own,
        name=reading.need("name", said.get("name"), title, ""),
        provider=provider(reading, said),
        kind=Kind(kinds[0]) if classified else kind_from(terms),
        classified=classified,
        description=reading.read("description", said.get("description"), prose, None),
        needs=needs if needs or classified else needs_from(terms),
        languages=languages(reading, said),
        departements=areas(reading, said),
        contacts=contacts(reading, said, own=own),
        contact_kinds=frozenset(kind for kind in AccessChannel.Kind.values if kind != AccessChannel.Kind.PLACE),
        sites=sites(reading, said),
        opening_hours=opening_hours(reading, said),
        free=free(reading, said),
    )
    facts = with_audience(reading, facts, said)
    facts = with_access(reading, facts, said)
    return with_alert(facts, reading.read("alert", said.get("alert"), prose, ""), is_closed=status != "active")


def provider(reading: Reading, said: Object) -> Provider:
    """The organisation that the service carries with it."""
    carried = said.get("organization")
    if not isinstance(carried, Mapping):
        reading.faults.append(Fault(reading.line, "organization", "absente : ni dans le service, ni dans le fichier"))
        return Provider(name="")
    name = reading.need("organization.name", carried.get("name"), title, "")
    description = reading.read("organization.description", carried.get("description"), prose, "")
    return Provider(
        id=reading.read("organization.id", carried.get("id") or said.get("organization_id"), identifier, None),
        name=name,
        # A description is compulsory in HSDS: the name alone describes nothing.
        description=description if description != name else "",
        website=reading.read("organization.website", carried.get("website") or carried.get("url"), web, ""),
    )


def terms_of(reading: Reading, said: Object) -> list[Term]:
    """Terms of the taxonomies that we know, by our identifiers, else by the code in a taxonomy of that name."""
    found = []
    for attribute in reading.objects("attributes", said.get("attributes")):
        carried = attribute.get("taxonomy_term")
        term = carried if isinstance(carried, Mapping) else {}
        known = by_id(attribute.get("taxonomy_term_id") or term.get("id")) or by_code(term)
        if known is not None:
            found.append(known)
    return found


def by_id(said: object) -> Term | None:
    """A term by its identifier."""
    try:
        return TERM_BY_ID.get(UUID(str(said)))
    except ValueError:
        return None


def by_code(term: Object) -> Term | None:
    """A term of a taxonomy of others by its code."""
    code, taxonomy = str(term.get("code", "")), str(term.get("taxonomy", "")).lower().replace(" ", "").replace("-", "")
    return next(
        (
            known
            for known in TERMS
            if known.code == code
            and (known.taxonomy is THEMES or (known.taxonomy is OPEN_ELIGIBILITY and "openeligibility" in taxonomy))
        ),
        None,
    )


def needs_from(terms: list[Term]) -> tuple[str, ...] | None:
    """Needs that terms of others surely mean: those of a term that covers one need only; None without any."""
    sure = [need for term in terms if len(term.needs) == 1 for need in term.needs]
    violence = [Need.VIOLENCES.value for term in terms if Need.VIOLENCES.value in term.needs]
    return tuple(dict.fromkeys(sure + violence)) or None


def kind_from(terms: list[Term]) -> Kind:
    """Sort of help that terms of others mean, an association without any."""
    kinds = [kind for term in terms for kind in sorted(term.kinds)]
    if kinds:
        return Kind(kinds[0])
    return Kind.SHELTER if any(term.needs == SLEEPING for term in terms) else Kind.ASSOCIATION


def with_audience(reading: Reading, facts: Incoming, said: Object) -> Incoming:
    """Figures are strict limits; our own sentences say the rest."""
    youngest = reading.read("minimum_age", said.get("minimum_age"), whole_years, None)
    oldest = reading.read("maximum_age", said.get("maximum_age"), whole_years, None)
    sentence = reading.read("eligibility_description", said.get("eligibility_description"), prose, "")
    told = audience_in(sentence)
    for_professionals = sentence.startswith("Pour les professionnels.")
    if told is None:
        return replace(facts, audience=audience_of(reading, youngest, oldest, ()), for_professionals=for_professionals)
    if told.age_rule != Rule.FIRST:
        limits = audience_of(reading, youngest, oldest, told.genders)
        told = replace(limits, gender_rule=told.gender_rule)
    return replace(facts, audience=told, for_professionals=for_professionals)


def audience_in(sentence: str) -> Audience | None:
    """Genders and preferred ages that our own export wrote as sentences; None when it says neither."""
    found = Audience()
    for rule, template in ((Rule.FIRST, "En priorité : %(audience)s."), (Rule.ONLY, "Seulement : %(audience)s.")):
        pattern = re.escape(template).replace(re.escape("%(audience)s"), "([^.]+)")
        for match in re.finditer(pattern, sentence):
            genders = genders_in(match[1], rule)
            ages = ages_in(match[1])
            if genders:
                found = replace(found, genders=genders, gender_rule=rule)
            elif ages:
                found = replace(found, min_age=ages[0], max_age=ages[1], age_rule=rule)
    return None if found == Audience() else found


def genders_in(words: str, rule: Rule) -> tuple[Gender, ...]:
    """«filles et femmes, personnes trans» → the genders; nothing when the words are not exactly ours."""
    with override("fr"):
        named = {str(gender.label).lower(): gender for gender in Gender}
        found = tuple(named[word] for word in words.split(", ") if word in named)
        return found if found and genders_in_words(rule, found).find(words) >= 0 else ()


def ages_in(words: str) -> tuple[int | None, int | None] | None:
    """«de 12 à 21 ans» → 12 and 21; None when the words are not exactly ours."""
    for template in (
        "de %(youngest)s à %(oldest)s ans",
        "à partir de %(youngest)s ans",
        "jusqu’à %(oldest)s ans",
    ):
        pattern = re.escape(template)
        for name in ("youngest", "oldest"):
            pattern = pattern.replace(re.escape(f"%({name})s"), rf"(?P<{name}>\d{{1,3}})")
        if match := re.fullmatch(pattern, words):
            known = match.groupdict()
            return tuple(int(known[name]) if name in known else None for name in ("youngest", "oldest"))  # type: ignore[return-value]  # two of them
    return None


def with_access(reading: Reading, facts: Incoming, said: Object) -> Incoming:
    """How one gets in: our own sentences as facts, the rest as what happens then."""
    words = reading.read("application_process", said.get("application_process"), prose, "")
    words, referral = without_start(words, "Sur orientation d’un professionnel.")
    words, anonymous = without_start(words, "On peut rester anonyme.")
    words, named = without_start(words, "Il faut donner son nom.")
    return replace(
        facts,
        on_referral_only=referral,
        anonymous=True if anonymous else False if named else None,
        what_happens=words or None,
    )


def without_start(words: str, start: str) -> tuple[str, bool]:
    """The words without that beginning, and whether they had it."""
    return (words.removeprefix(start).lstrip(), True) if words.startswith(start) else (words, False)


def with_alert(facts: Incoming, alert: str, *, is_closed: bool) -> Incoming:
    """Closure and saturation out of the alert; that a check has expired is a matter of whoever publishes."""
    said = alert.removesuffix("À vérifier : la dernière vérification a expiré.").strip()
    until = None
    if is_closed:
        said, _was = without_start(said, "Fermé pour le moment.")
        said, until = without_closing_day(said)
    before, level, after = said, "", ""
    for saturation in (Service.Saturation.FULL, Service.Saturation.WAITING):
        label = f"{ours_label(saturation)}."
        head, found, tail = said.partition(label)
        if found and (is_closed or not head):
            before, level, after = head.strip(), saturation.value, tail.strip()
            break
    closure, saturation_note = (before, after) if is_closed and (level or not after) else ("", after or before)
    return replace(
        facts,
        closed=is_closed,
        closed_until=until,
        closure_note=closure or None,
        saturation=level or None,
        saturation_note=saturation_note or None,
    )


@cache
def ours_label(saturation: Service.Saturation) -> str:
    """Name of a saturation in French."""
    with override("fr"):
        return str(saturation.label)


def without_closing_day(words: str) -> tuple[str, str | None]:
    """«Fermé jusqu’au 3 janvier 2027 inclus. Travaux.» → «Travaux.» and 2027-01-03."""
    pattern = re.escape("Fermé jusqu’au %(day)s inclus.")
    match = re.match(pattern.replace(re.escape("%(day)s"), r"(?P<day>\d{1,2}) (?P<month>\w+) (?P<year>\d{4})"), words)
    if match is None:
        return words, None
    with override("fr"):
        months = {date_format(date(2000, month, 1), "F"): month for month in range(1, 13)}
    try:
        day = date(int(match["year"]), months[match["month"]], int(match["day"]))
    except (KeyError, ValueError):
        return words, None
    return words[match.end() :].strip(), day.isoformat()


def free(reading: Reading, said: Object) -> bool | None:
    """Free, not free, or not said."""
    words = reading.read("fees_description", said.get("fees_description"), prose, "")
    return {"Gratuit.": True, "Payant.": False}.get(words)


def languages(reading: Reading, said: Object) -> tuple[str, ...] | None:
    """Languages by code; None when the file names none."""
    codes = [
        code
        for one in reading.objects("languages", said.get("languages"))
        if (code := reading.read("languages.code", one.get("code"), title, ""))
    ]
    return known_languages(codes) or None


def areas(reading: Reading, said: Object) -> tuple[str, ...] | None:
    """Départements of the region by INSEE's address or by name; None when the file names none of them."""
    by_name = {name.lower(): code for code, name in DEPARTEMENTS.items()}
    found: list[str] = []
    for area in reading.objects("service_areas", said.get("service_areas")):
        uri = reading.read("service_areas.uri", area.get("uri"), title, "")
        name = reading.read("service_areas.name", area.get("name"), title, "").lower()
        match = AREA.fullmatch(uri)
        if (match and match["path"] == REGION) or name in {"île-de-france", "ile-de-france"}:
            found += DEPARTEMENTS
        elif match and match["path"][-2:] in DEPARTEMENTS:
            found.append(match["path"][-2:])
        elif name in by_name:
            found.append(by_name[name])
    return tuple(dict.fromkeys(found)) or None


def contacts(reading: Reading, said: Object, *, own: UUID) -> tuple[Contact, ...]:
    """Public ways in; our own identifiers tell a chat from a site, and how a number was written."""
    found = phones(reading, said, own=own)
    site = reading.read("url", said.get("url"), web, "")
    found += [Contact("web", site)] if site else []
    found += further_sites(reading, said, own=own)
    address = reading.read("email", said.get("email"), mail, "")
    found += [Contact("email", address)] if address else []
    return tuple({(contact.kind, contact.value): contact for contact in reversed(found)}.values())[::-1]


def phones(reading: Reading, said: Object, *, own: UUID) -> list[Contact]:
    """Numbers to call or to write to; faxes are left out."""
    found = []
    for phone in reading.objects("phones", said.get("phones")):
        sort = reading.read("phones.type", phone.get("type"), title, "").lower()
        value = reading.need("phones.number", phone.get("number"), telephone, "")
        kind = "sms" if sort in SMS_TYPES else "phone" if sort in CALL_TYPES else ""
        if not kind or not value:
            continue
        abroad = international(value)
        kept = abroad if str(stable_uuid("channel", str(own), kind, abroad)) == phone.get("id") else value
        found.append(Contact(kind, kept, reading.read("phones.description", phone.get("description"), note, "")))
    return found


def further_sites(reading: Reading, said: Object, *, own: UUID) -> list[Contact]:
    """Chats and sites beside the first; our own page about the service is none of them."""
    with override("fr"):
        labels = {str(kind.label): kind.value for kind in (AccessChannel.Kind.CHAT, AccessChannel.Kind.WEB)}
    found = []
    for url in reading.objects("additional_urls", said.get("additional_urls")):
        if url.get("id") == str(stable_uuid("url", str(own), "page")):
            continue
        address = reading.need("additional_urls.url", url.get("url"), web, "")
        label = reading.read("additional_urls.label", url.get("label"), note, "")
        is_ours = str(stable_uuid("channel", str(own), "chat", address)) == url.get("id")
        kind = "chat" if is_ours else labels.get(label, "web")
        if address:
            found.append(Contact(kind, address, "" if label in labels else label))
    return found


def sites(reading: Reading, said: Object) -> tuple[Site, ...]:
    """Physical places where anybody may come, each once."""
    found = []
    for offer in reading.objects("service_at_locations", said.get("service_at_locations")):
        place = offer.get("location")
        if isinstance(place, Mapping) and place.get("location_type", "physical") == "physical":
            found.append(site(reading, place))
    return tuple(found)


def site(reading: Reading, place: Object) -> Site:
    """A place: commune by INSEE code when the file gives one, else by postcode and name."""
    addresses: list[Object] = list(reading.objects("addresses", place.get("addresses")))
    address = next((one for one in addresses if one.get("address_type") != "postal"), {})
    is_insee = place.get("external_identifier_type") == "INSEE"
    # In our own export the street stands in the description when its postcode is not known.
    loose = place.get("description") if is_insee and not address else None
    return Site(
        insee=reading.read("location.external_identifier", place.get("external_identifier"), title, "")
        if is_insee
        else "",
        commune=reading.read("address.city", address.get("city") or place.get("name"), title, ""),
        postcode=reading.read("address.postal_code", address.get("postal_code"), title, ""),
        street=reading.read("address.address_1", address.get("address_1") or loose, street_line, ""),
        point=point(reading, place.get("latitude"), place.get("longitude")),
    )


def opening_hours(reading: Reading, said: Object) -> str | None:
    """Our own expression, else weekly ranges as one; None when there are none or they say more than that."""
    schedules = reading.objects("schedules", said.get("schedules"))
    for schedule in schedules:
        if str(schedule.get("notes", "")).startswith(FORMAT_OF_HOURS):
            return reading.read("schedules.description", schedule.get("description"), opening, None)
    rules = [rule for schedule in schedules if (rule := weekly_rule(schedule))]
    return reading.read("schedules", "; ".join(rules), opening, None) if len(rules) == len(schedules) else None


def weekly_rule(schedule: Object) -> str:
    """«Mo,Tu 09:00-17:00», or nothing when the schedule is not that simple."""
    days = [DAYS.get(day.strip()) for day in str(schedule.get("byday", "")).split(",")]
    times = [str(schedule.get(name, ""))[:5] for name in ("opens_at", "closes_at")]
    simple = schedule.get("freq") == "WEEKLY" and schedule.get("interval", 1) in {1, "1", ""}
    if not simple or None in days or not all(map(TIME.fullmatch, times)):
        return ""
    return f"{','.join(str(day) for day in days)} {'-'.join(times)}"
