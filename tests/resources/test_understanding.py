"""Places, ages, genders and danger are read in what people type, and stories are not mistaken for the person."""

import pytest

from resources import sealed
from resources.geography import locate
from resources.text import fold
from resources.understanding import Understanding, understand


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Où dormir ?", "ou dormir"),
        ("J’AI PEURRRRR", "j ai peurr"),
        ("93000", "93000"),
        ("cœur  d'Éva", "coeur d eva"),
        ("🙂", ""),
    ],
)
def test_words_are_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("j'ai 15 ans", (15, 15)),
        ("g 16 ans et jsuis en fugue", (16, 16)),
        ("I am 16 and I ran away", (16, 16)),
        ("tengo 17 años", (17, 17)),
        ("мне 17", (17, 17)),
        ("ma fille de 14 ans", (14, 14)),
        ("mineure en danger", (10, 17)),
        ("jeune majeure sans logement", (18, 21)),
        ("il y a 15 ans on m'a violée", None),
        ("mon copain de 30 ans me frappe", None),
        ("j'ai 13 ans et un adulte me donne des cadeaux", (13, 13)),
        ("je suis majeure mais j'ai commencé à 15 ans", (18, 120)),
        ("CHRS femmes 18-25 sans enfant", (18, 25)),
        ("en fugue depuis hier", (10, 17)),
        ("agressée à 14 ans, j'en ai 30", (30, 30)),
        ("abusée à 8 ans, j'ai 41 ans aujourd'hui", (41, 41)),
        ("j'ai seize ans", (16, 16)),
        ("une femme de trente-huit ans", (38, 38)),
        ("I'm sixteen", (16, 16)),
        ("tengo dieciséis años", (16, 16)),
        ("am douăzeci de ani", (20, 20)),
        ("我十六岁", (16, 16)),
        ("19a jme casse", (19, 19)),
        ("mon mec a trente ans", None),
        ("il y a dix ans", None),
        ("ma fille est avec un homme adulte, j'ai quinze ans", (15, 15)),
        ("à l'époque j'avais 15 ans, j'ai 22 ans", (22, 22)),
        ("j'ai 42 ans, ma fille de 15 ans ne rentre plus", (15, 15)),
        ("j'ai 30 ans, je suis éduc, une jeune de 15 ans a fugué", (15, 15)),
        ("je suis une jeune de 19 ans", (19, 19)),
        ("sou maior de idade", (18, 120)),
        ("je ne suis pas majeure", (10, 17)),
        ("chui pa majeur", (10, 17)),
        ("I'm not an adult", (10, 17)),
        ("aún no soy mayor de edad", (10, 17)),
        ("não sou maior de idade", (10, 17)),
        ("nu sunt majoră", (10, 17)),
        ("я не совершеннолетняя", (10, 17)),
        ("我还没成年", (10, 17)),
        ("لست بالغة", (10, 17)),
        ("17 ans et demi, bientôt majeure", (17, 17)),
        ("ma nièce devient majeure en juin", None),
        ("je suis majeure", (18, 120)),
        ("jsui 1 mec de 16an", (16, 16)),
        ("mon mec de 30 ans", None),
        ("g pa 18", (10, 17)),
        ("j'ai pas 18 euros", None),
        ("j'ai 50 euros", None),
        ("avocat", None),
    ],
)
def test_ages_are_hers(text: str, ages: tuple[int, int] | None) -> None:
    assert understand(text).ages == ages


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        ("mon fils se prostitue", "male"),
        ("santé sexuelle pour hommes", "male"),
        ("je suis une femme trans", "trans"),
        ("non binaire, je cherche un foyer", "trans"),
        ("mon copain de 19 ans se prostitue", "male"),
        ("mon copain me prostitue", None),
        ("mon frère exploite sa copine", None),
        ("je vois des filles avec plusieurs hommes", None),
        ("avocat gratuit", None),
    ],
)
def test_genders_are_said(text: str, gender: str | None) -> None:
    assert understand(text).gender == gender


@pytest.mark.parametrize(
    ("text", "departements"),
    [
        ("avocat bobigny", ("93",)),
        ("je vis dans le 9-3", ("93",)),
        ("foyer à Saint-Ouen", ("93",)),
        ("centre 78000", ("78",)),
        ("seine et marne", ("77",)),
        ("paname", ("75",)),
        ("il a 75 ans", ()),
        ("us et coutumes", ()),
        ("je vis à Évry", ("91",)),
        ("au bois de boulogne", ("75",)),
        ("un hôtel à Marne-la-Vallée", ("77",)),
        ("un hôtel à Roissy", ("95",)),
        ("un hôtel à la Défense", ("92",)),
        ("un avocat pour la défense de ma fille", ()),
        ("lycée Charles-de-Gaulle à Créteil", ("94",)),
        ("Charles de Gaulle Étoile", ("75",)),
        ("foyer sqy", ("78",)),
        ("kremlin bicêtre", ("94",)),
        ("в Париже", ("75",)),
        ("我在92省", ("92",)),
        ("le 119", ()),
        ("mon client de 75 ans", ()),
        ("il me doit 95 euros", ()),
        ("0 800 05 95 95", ()),
        ("01 42 75 93 77", ()),
        ("foyer 75 77 93 95", ("75", "77", "93", "95")),
        ("j'ai 17 ans je suis dans le 75", ("75",)),
    ],
)
def test_places_are_read_inside_the_words(text: str, departements: tuple[str, ...]) -> None:
    assert understand(text).departements == departements


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("93000", "Bobigny"),
        ("75018", "Paris 18e Arrondissement"),
        ("75118", "Paris 18e Arrondissement"),
        ("92036", "Gennevilliers"),
        ("saint ouen", "Saint-Ouen-sur-Seine"),
        ("ST DENIS", "Saint-Denis"),
        ("92", "Hauts-de-Seine"),
    ],
)
def test_places_are_found_by_postcode_code_or_name(typed: str, name: str) -> None:
    spot = locate(typed)

    assert spot is not None
    assert spot.name == name


@pytest.mark.parametrize("typed", ["marseille", "13001", "", "%", "99999"])
def test_unknown_places_stay_unknown(typed: str) -> None:
    assert locate(typed) is None


@pytest.mark.parametrize(
    ("text", "dangers"),
    [
        ("il m'a enfermée", {"violence"}),
        ("jvais me tuer", {"suicide"}),
        ("je va me tuer", {"suicide", "violence"}),
        ("mon ex menace de me tuer si je pars", {"violence"}),
        ("jen peu plu de vivre jai pri dé cachets", {"suicide", "medical"}),
        ("g vu 1 fille pleurer ds 1 bagnole", {"violence"}),
        ("elle respire plus", {"medical"}),
        ("je suis morte de rire", set()),
        ("contraception", set()),
        ("I need a good lawyer", set()),
        ("le weekend my mother", set()),
        ("мне нужна кровать", set()),
        ("i want to end my life", {"suicide"}),
        ("she took too much, OD", {"medical"}),
        ("идет кровь", {"medical"}),
        ("ils veulent me lyncher", {"violence"}),
        ("il refuse de me laisser partir de la chambre", {"violence"}),
        ("j'ai écrit une lettre d'adieu", {"suicide"}),
        ("ses lèvres sont bleues, elle a les lèvres bleues", {"medical"}),
    ],
)
def test_danger_is_seen_and_not_imagined(text: str, dangers: set[str]) -> None:
    assert understand(text).dangers == dangers


def test_no_more_is_read_than_people_can_type() -> None:
    unfolded = understand("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 500).folded

    assert 480 < len(unfolded) <= 500


def test_a_text_without_words_means_nothing() -> None:
    assert understand(" 🙂 ?!") == Understanding()


def test_sealed_words_say_nothing_and_end() -> None:
    token = sealed.seal("mon mec me frappe")

    assert sealed.unseal(token) == "mon mec me frappe"
    assert "frappe" not in token
    assert len(token) == len(sealed.seal("x"))
    assert sealed.unseal(token[:-4] + "AAAA") is None
    assert sealed.unseal("é") is None


def test_sealed_words_are_forgotten_after_a_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    token = sealed.seal("secret")
    monkeypatch.setattr(sealed, "SECONDS_VALID", -1)

    assert sealed.unseal(token) is None


@pytest.mark.parametrize(
    ("text", "child"),
    [
        ("mon beau-père me touche", True),
        ("je suis en 3e", True),
        ("au bahut tout le monde le sait", True),
        ("je suis majeure, mon père me frappe", False),
        ("seconde chance après la prostitution", False),
    ],
)
def test_a_child_is_heard_without_an_age(text: str, *, child: bool) -> None:
    assert understand(text).child_in_danger is child


@pytest.mark.parametrize(
    ("phrase", "is_child"),
    [
        ("mon patron garde mon passeport et j’ai pas le droit de sortir", False),
        ("mon mari interdit que je sorte", False),
        ("un mac tient ma cousine", False),
        ("mon oncle me loue à des hommes", True),
        ("on l’a vendue à un homme de 50 ans", False),
        ("mon fils n’est pas rentré de la nuit", True),
        ("ma nièce a disparu depuis hier", True),
        ("minha filha desapareceu ontem", True),
        ("acabo de ser agredida", False),
        ("fiica mea a dispărut", True),
        ("ابنتي اختفت", True),
    ],
)
def test_what_is_done_to_somebody_raises_an_alarm(phrase: str, *, is_child: bool) -> None:
    meant = understand(phrase)

    assert "violence" in meant.dangers
    assert meant.child_in_danger or not is_child


@pytest.mark.parametrize(
    "phrase",
    ["interdiction de sortie du territoire", "mon frère a vendu son scooter", "j’ai pas le droit de voir mes potes"],
)
def test_what_sounds_alike_raises_none(phrase: str) -> None:
    assert "violence" not in understand(phrase).dangers


@pytest.mark.parametrize(
    "phrase", ["je vais plus à l’école", "ma ptite sœur fait n’importe quoi", "بنتي هربت من البيت"]
)
def test_school_and_sisters_tell_a_child(phrase: str) -> None:
    assert understand(phrase).child_in_danger
