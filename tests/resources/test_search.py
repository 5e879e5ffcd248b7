"""What people type finds what helps them, in slang, with typos, with a place, and never what would harm them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.figures import mean
from bench.relevance import judge, judgements
from resources import hours, statement
from resources.forms import read_query
from resources.models import Service
from resources.opening import PARIS
from resources.search import Answer, search
from tests.builders import a_channel, a_commune, a_place, a_service, index, many_services

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 10, 30, tzinfo=PARIS)


def ask(**asked: Any) -> Answer:
    return search(read_query(asked), now=NOW)


def slugs(answer: Answer) -> list[str]:
    return [found.service.slug for found in answer.results]


def strip(answer: Answer) -> list[str]:
    return [service.slug for service in answer.emergency]


@pytest.fixture(scope="class")
def starter(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The real directory, loaded once for a class and taken away afterwards."""
    with django_db_blocker.unblock():
        call_command("load_communes", stdout=StringIO())
        call_command("load_directory", "resources/data/services_idf.csv", stdout=StringIO())
    yield
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)


class TestMeaning:
    """On the real directory."""

    @pytest.fixture(autouse=True)
    def _loaded(self, starter: None) -> None:
        """Every test of this class."""

    def test_a_friends_words_find_the_right_line_first(self) -> None:
        answer = ask(q="mon mec me fait bosser a l hotel")

        assert set(slugs(answer)[:2]) == {"119-allo-enfance-en-danger", "119-equipe-prostitution-des-mineurs"}

    @pytest.mark.parametrize(
        ("phrase", "first"),
        [
            ("119", "119-allo-enfance-en-danger"),
            ("3018", "3018-violences-numeriques"),
            ("116006", "116-006-aide-aux-victimes"),
            ("powher", "lao-pow-her"),
            ("crip 92", "crip-92"),
            ("01 71 29 50 02", "lao-pow-her"),
            ("bus des femmes", "les-amis-du-bus-des-femmes"),
            ("maison des femmes saint denis", "la-maison-des-femmes-de-saint-denis"),
            ("il menace de publier mes nudes", "3018-violences-numeriques"),
            ("je veux mourir", "3114-prevention-du-suicide"),
        ],
    )
    def test_a_name_or_a_plain_need_comes_first(self, phrase: str, first: str) -> None:
        assert slugs(ask(q=phrase))[0] == first

    def test_a_name_made_of_ordinary_words_is_a_name(self) -> None:
        found = slugs(ask(q="hors la rue"))

        assert found[0] == "hors-la-rue"
        assert "115-samu-social" not in found[:5]

    def test_a_typo_has_results_and_a_suggestion(self) -> None:
        answer = ask(q="Astheria")

        assert slugs(answer)[0] == "astheriia"
        assert answer.did_you_mean == "asthériia"

    @pytest.mark.parametrize(
        "phrase",
        [
            "preciso de um lugar para dormir esta noite",  # «sugar»
            "tengo 16 años y duermo en la calle",  # «celle»
            "mon mari menace de m'étrangler si je pars",  # «m’étranger»
        ],
    )
    def test_right_words_that_no_service_says_are_not_mended_in_a_sentence(self, phrase: str) -> None:
        assert ask(q=phrase).did_you_mean is None

    @pytest.mark.parametrize("letters", ["xylqz", "qsdfgh jklm", "asdkjh 12 qwrtz"])
    def test_letters_that_are_no_words_are_not_taken_for_understood(self, letters: str) -> None:
        answer = ask(q=letters)

        assert not answer.understood
        assert all("ecoute" in found.service.needs for found in answer.results[:3])

    @pytest.mark.parametrize("word", ["MJD", "v1ol", "teupu", "bobigny", "sewerslide", "3919", "psycologue"])
    def test_a_rare_word_is_understood(self, word: str) -> None:
        assert ask(q=word).understood

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("avocat nantere", "avocat nanterre"),  # no published service says it
            ("foyer Argenteuille", "foyer argenteuil"),
            ("avocat versaille", "avocat versailles"),
            ("il me frappes", None),  # no Trappes
            ("Nanterre", None),
        ],
    )
    def test_a_misspelt_town_is_proposed(self, typed: str, meant: str | None) -> None:
        assert ask(q=typed).did_you_mean == meant

    def test_a_suggestion_repeats_no_markup(self) -> None:
        assert ask(q="<script>alert(1)</script>  <Astheria").did_you_mean == "alert(1) asthériia"

    def test_insults_match_and_are_never_proposed(self) -> None:
        answer = ask(q="jsuis une tchoinn")

        assert answer.results
        assert answer.did_you_mean is None

    def test_a_place_in_the_words_keeps_its_departement_and_the_regional_services(self) -> None:
        answer = ask(q="avocat bobigny")

        assert answer.place == "Bobigny"
        assert slugs(answer)[0] == "avocats-d-enfants-93"
        assert all("93" in found.service.departements or not found.service.departements for found in answer.results)

    def test_a_postcode_in_the_words_is_a_place(self) -> None:
        assert ask(q="avocat 92230").place == "Gennevilliers"

    @pytest.mark.parametrize(
        ("phrase", "excluded"),
        [
            ("j ai 15 ans ou dormir ce soir", "115-samu-social"),
            ("j'ai 15 ans je veux un foyer", "chrs-les-univers-elles"),
            ("mon fils de 16 ans se prostitue", "lao-pow-her"),
            ("je suis un mec j ai subi un viol", "maison-des-femmes-pitie-salpetriere"),
            ("j'ai 35 ans je veux un avocat", "avocats-d-enfants-92"),
        ],
    )
    def test_who_a_service_excludes_never_sees_it(self, phrase: str, excluded: str) -> None:
        answer = ask(q=phrase, per_page=100)

        assert answer.results
        assert excluded not in slugs(answer)

    @pytest.mark.parametrize(
        ("phrase", "numbers"),
        [
            ("il m a enfermée dans la chambre", ["17-police-secours", "114-urgence-par-sms"]),
            ("il va me tuer", ["17-police-secours", "114-urgence-par-sms"]),
            ("jveux en finir", ["3114-prevention-du-suicide"]),
            ("ma copine a fait une overdose elle respire plus", ["15-samu"]),
            ("j'ai 14 ans", ["119-allo-enfance-en-danger"]),
            ("he locked me in and has a gun", ["17-police-secours", "114-urgence-par-sms"]),
            ("quiero morir", ["3114-prevention-du-suicide"]),
            ("mes darons m'ont jetée dehors", ["119-allo-enfance-en-danger"]),
            ("dans l'appart du dessus une fille pleure la nuit", ["17-police-secours", "114-urgence-par-sms"]),
            ("ils vont envoyer ma soeur au pays de force", ["17-police-secours", "114-urgence-par-sms"]),
        ],
    )
    def test_danger_words_put_numbers_on_top(self, phrase: str, numbers: list[str]) -> None:
        assert [slug for slug in strip(ask(q=phrase)) if slug in numbers] == numbers

    @pytest.mark.parametrize(
        "phrase",
        [
            "avocat",
            "je suis morte de rire",
            "contraception gratuite",
            "dépistage",
            "tentative d'escroquerie",
            "une élève pleure en cours",
        ],
    )
    def test_no_alarm_without_danger(self, phrase: str) -> None:
        assert not {"17-police-secours", "3114-prevention-du-suicide", "15-samu"} & set(strip(ask(q=phrase)))

    def test_a_man_in_the_story_hides_no_service_for_women(self) -> None:
        answer = ask(q="mon frère exploite sa copine, qui prévenir", per_page=100)

        assert "3919-violences-femmes-info" in slugs(answer)

    @pytest.mark.parametrize(
        "phrase", ["zzqxjk", "😀😀", "<script>alert(1)</script>", "a" * 10_000, "\x00", "' OR 1=1 --", "%", "??"]
    )
    def test_odd_text_still_gets_help(self, phrase: str) -> None:
        answer = ask(q=phrase)

        assert answer.results

    def test_unpublished_services_are_nowhere(self) -> None:
        hidden = set(Service.objects.awaiting_moderation().values_list("slug", flat=True))
        for phrase in ("avocat", "planning familial", "sos femmes 93", ""):
            assert not hidden & set(slugs(ask(q=phrase, per_page=100)))

    def test_the_labelled_phrases_are_answered_well(self) -> None:
        judged = [judge(judgement) for judgement in judgements()]

        assert len(judged) >= 150
        assert mean([phrase.ndcg for phrase in judged]) >= 0.88
        assert sum(bool(phrase.harmful) for phrase in judged) <= 1
        assert sum(bool(phrase.missed) for phrase in judged) == 0


class TestFilters:
    """On made-up services."""

    def test_need_departement_age_and_gender_exclude(self) -> None:
        right = a_service(
            needs=["juridique"],
            departements=["93"],
            min_age=15,
            max_age=25,
            age_rule="only",
            genders=["female"],
            gender_rule="only",
        )
        a_service(needs=["sante"], departements=["93"])
        a_service(needs=["juridique"], departements=["75"])
        a_service(needs=["juridique"], departements=["93"], max_age=14, age_rule="only")
        a_service(needs=["juridique"], departements=["93"], genders=["male"], gender_rule="only")

        answer = ask(need="juridique", departement="93", age="16", gender="female")

        assert slugs(answer) == [right.slug]
        assert answer.total == 1

    def test_what_waits_for_moderators_is_not_even_counted(self) -> None:
        shown = a_service(needs=["sante"])
        a_service(needs=["sante"], status=Service.Status.PENDING)
        a_service(needs=["sante"], status=Service.Status.HIDDEN)

        answer = ask(need="sante")

        assert (slugs(answer), answer.total) == ([shown.slug], 1)

    def test_national_services_and_unknown_territories_stay(self) -> None:
        national = a_service(departements=["75", "77", "78", "91", "92", "93", "94", "95"])
        unknown = a_service(departements=[])
        a_service(departements=["75"])

        assert set(slugs(ask(departement="93"))) == {national.slug, unknown.slug}

    def test_a_preference_for_an_age_does_not_exclude(self) -> None:
        preferring = a_service(max_age=21, age_rule="first")

        assert slugs(ask(age="40")) == [preferring.slug]

    def test_age_bands_overlap(self) -> None:
        young = a_service(min_age=15, max_age=25, age_rule="only")
        a_service(max_age=14, age_rule="only")

        assert slugs(ask(age="15-17")) == [young.slug]

    def test_open_at_drops_the_closed_and_puts_unknown_hours_last(self) -> None:
        unknown = a_service(phones=["119"], kind="hotline")
        opened = a_service(opening_hours="Mo-Fr 09:00-17:00")
        a_service(opening_hours="Mo-Fr 18:00-20:00")
        a_service(opening_hours="Sa,Su 09:00-17:00")

        answer = ask(open_at="2026-11-24T10:30")

        assert slugs(answer) == [opened.slug, unknown.slug]
        assert [found.open for found in answer.results] == [True, None]
        assert answer.total == 2

    def test_holidays_are_closed_days(self) -> None:
        a_service(opening_hours="Mo-Fr 09:00-17:00; PH off")

        assert slugs(ask(open_at="2026-05-01T10:00")) == []

    def test_known_languages_come_first_then_unknown(self) -> None:
        other = a_service(languages=["fr", "en"], kind="hotline", phones=["119"])
        unknown = a_service(kind="hotline", phones=["17"])
        romanian = a_service(languages=["fr", "ro"])

        assert slugs(ask(language="ro")) == [romanian.slug, unknown.slug, other.slug]

    def test_near_sorts_and_does_not_exclude(self) -> None:
        far, close, nowhere = a_service(needs=["sante"]), a_service(needs=["sante"]), a_service(needs=["sante"])
        a_place(far, commune=a_commune("78646", name="Versailles", latitude=48.8, longitude=2.13))
        a_place(close)

        answer = ask(need="sante", near="93000")

        assert slugs(answer) == [close.slug, far.slug, nowhere.slug]
        assert [found.distance_km for found in answer.results] == [0.0, 26.4, None]

    def test_pages_cover_everything_once(self) -> None:
        expected = {a_service(needs=["sante"]).slug for _number in range(7)}

        pages = [slugs(ask(need="sante", per_page=3, page=page)) for page in (1, 2, 3, 4)]

        assert [len(page) for page in pages] == [3, 3, 1, 0]
        assert {slug for page in pages for slug in page} == expected
        assert ask(need="sante", per_page=3, page=4).total == 7

    @pytest.mark.parametrize("asked", [{"need": "sante"}, {"q": "dépistage"}, {"q": "dépistage", "near": "93000"}])
    @pytest.mark.parametrize("per_page", [50, 20])
    def test_pages_beyond_the_first_candidates_repeat_and_lose_nothing(
        self, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], per_page: int
    ) -> None:
        """Candidates that the pages before did not have would come first, were they scored with the others."""
        monkeypatch.setattr(statement, "POOL", per_page)
        said: dict[str, Any] = {"description": "Dépistage", "needs": ["sante"]}
        expected = many_services(per_page + 1, name="Centre", phones=["0199000000"], **said)
        expected += many_services(2 * per_page - 1, name="Dépistage", **said)
        index(*expected)

        pages = [slugs(ask(**asked, per_page=per_page, page=page)) for page in range(1, 5)]

        assert sorted(slug for page in pages for slug in page) == sorted(service.slug for service in expected)

    @pytest.mark.parametrize("services", [1, 3, 30])
    def test_the_number_of_statements_never_grows(self, services: int) -> None:
        for _number in range(services):
            a_service(needs=["juridique"], phones=["119"], opening_hours="24/7")
        hours.hours_in_use()

        with CaptureQueriesContext(connection) as by_need:
            ask(need="juridique")
        with CaptureQueriesContext(connection) as by_text:
            ask(q="avocat a bobigny")

        assert (len(by_need), len(by_text)) == (2, 3)

    def test_statements_are_read_and_planned_once(self) -> None:
        """Reading and planning would be half of what they cost; PostgreSQL keeps a plan after five questions."""
        service = a_service(name="Centre de dépistage", needs=["sante"], phones=["119"])

        for _time in range(7):
            assert slugs(ask(q="dépistage")) == [service.slug]

        with connection.cursor() as cursor:
            cursor.execute("SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE generic_plans > 0")
            assert cursor.fetchall() == [(5, 2)] * 3

    def test_common_and_rare_words_find_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Only the way of finding changes with how many services say a word."""
        low = a_service(name="Santé", description="Dépistage", needs=["sante"], indexed=False)
        best = a_service(name="Dépistage", needs=["sante"], indexed=False)
        other = a_service(name="Avocat", needs=["juridique"], indexed=False)
        index(low, best, other)
        as_rare = slugs(ask(q="dépistage"))
        monkeypatch.setattr(statement, "PLENTY", 0)

        as_common = slugs(ask(q="dépistage"))

        assert as_rare == as_common
        assert as_common[:2] == [best.slug, low.slug]

    def test_an_expired_check_ranks_lower(self) -> None:
        old = a_service(needs=["sante"], phones=["119"], verified_until=NOW.date() - timedelta(days=1))
        fresh = a_service(needs=["sante"], phones=["17"])

        assert slugs(ask(need="sante")) == [fresh.slug, old.slug]


class TestSecrets:
    """What search must not give away."""

    def test_a_confidential_place_is_no_nearer_than_its_commune(self) -> None:
        """Distances from many points fit the commune's centre exactly, so that nothing finer can be computed."""
        shelter = a_service(kind="shelter", departements=["93"])
        a_place(shelter, confidential=True)
        at_centre = a_service(kind="association", departements=["93"])
        a_place(at_centre)

        for postcode in ("75001", "75020", "77000", "78000", "91000", "92000", "93200", "94000", "95000", "93500"):
            distances = {found.service.slug: found.distance_km for found in ask(near=postcode).results}
            assert distances[shelter.slug] == distances[at_centre.slug]

    def test_how_to_come_to_a_confidential_place_is_not_shown(self) -> None:
        shelter = a_service(needs=["hebergement"], phones=["0199000001"])
        a_channel(shelter, kind="place", value="Derrière la gare")
        a_place(shelter, confidential=True)

        [found] = ask(need="hebergement").results

        assert [channel.value for channel in found.service.channels.all()] == ["0199000001"]
        assert [channel.value for channel in shelter.channels.open_to_all()] == ["0199000001"]

    def test_the_commune_of_a_confidential_place_is_not_found_by_its_name(self) -> None:
        a_place(a_service(needs=["hebergement"]), confidential=True)

        assert Service.objects.filter(keywords__icontains="bobigny").count() == 0

    def test_channels_for_professionals_are_neither_shown_nor_found(self) -> None:
        service = a_service(name="Lieu sûr", needs=["hebergement"], indexed=False)
        a_channel(service, kind="phone", value="0199887766", visibility="professionals")
        index(service)

        answer = ask(q="0199887766")

        assert not any(list(found.service.channels.all()) for found in ask(need="hebergement").results)
        assert "says_it" not in {reason for found in answer.results for reason in found.reasons}


class TestRealShelters:
    """On the real directory."""

    @pytest.fixture(autouse=True)
    def _loaded(self, starter: None) -> None:
        """Every test of this class."""

    def test_a_confidential_place_without_commune_is_its_departements_centre(self) -> None:
        shelters = Service.objects.filter(places__confidential=True, departements=["93"], status="published")
        others = Service.objects.filter(places=None, departements=["93"], status="published")

        assert shelters.count() == 2
        positions = set(shelters.values_list("latitude", "longitude"))
        assert positions == set(others.values_list("latitude", "longitude"))
        assert len(positions) == 1

    def test_a_shelter_whose_departement_is_not_public_has_no_distance(self) -> None:
        answer = ask(q="koutcha", near="93000")

        found = next(found for found in answer.results if found.service.slug == "koutcha-maison-aska")
        assert found.distance_km is None
