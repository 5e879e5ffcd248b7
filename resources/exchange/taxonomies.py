"""The classifications that exports speak, ours and those of others, and which services each of their terms covers."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from resources.models import stable_uuid
from resources.vocabulary import Kind, Need


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A classification; `uri` is where its keeper publishes it, empty for ours."""

    code: str
    name: StrOrPromise
    description: StrOrPromise
    language: str
    uri: str = ""

    @property
    def id(self) -> UUID:
        """Public identifier."""
        return stable_uuid("taxonomy", self.code)


@dataclass(frozen=True, slots=True)
class Term:
    """A term and the services it covers: those that have one of its needs or are of one of its kinds."""

    taxonomy: Taxonomy
    code: str
    name: StrOrPromise
    description: StrOrPromise
    needs: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    parent: str = ""

    @property
    def id(self) -> UUID:
        """Public identifier."""
        return term_id(self.taxonomy, self.code)

    @property
    def parent_id(self) -> UUID | None:
        """Identifier of the wider term."""
        return term_id(self.taxonomy, self.parent) if self.parent else None

    def covers(self, needs: Iterable[str], kind: str) -> bool:
        """Whether a service with these needs, of this kind, falls under the term."""
        return kind in self.kinds or not self.needs.isdisjoint(needs)


def term_id(taxonomy: Taxonomy, code: str) -> UUID:
    """Identifier that a term always gets."""
    return stable_uuid("taxonomy_term", taxonomy.code, code)


NEEDS = Taxonomy(
    "needs",
    _("Besoins"),
    _("Ce qu’une personne cherche, dans les mots d’Éclaircie."),
    "fr",
)
KINDS = Taxonomy(
    "kinds",
    _("Sortes d’aide"),
    _("La sorte d’aide qu’un service est : ligne d’écoute, hébergement, accès au droit…"),
    "fr",
)
THEMES = Taxonomy(
    "data-inclusion-thematiques-v1",
    _("Thématiques data·inclusion"),
    _("Les thématiques du schéma data·inclusion v1 qui correspondent à un besoin d’Éclaircie."),
    "fr",
    "https://github.com/gip-inclusion/data-inclusion-schema",
)
OPEN_ELIGIBILITY = Taxonomy(
    "open-eligibility",
    "Open Eligibility",
    _("Les termes d’Open Eligibility (CC BY-SA 3.0) qui correspondent à un besoin ou à une sorte d’aide d’Éclaircie."),
    "en",
    "https://github.com/openreferral/openeligibility",
)
TAXONOMIES = (NEEDS, KINDS, THEMES, OPEN_ELIGIBILITY)

MEANING_OF_NEED: dict[Need, StrOrPromise] = {
    Need.URGENCE: _("Secours immédiats quand une personne est en danger."),
    Need.ECOUTE: _("Être écouté, soutenu et orienté, au téléphone, par écrit ou sur place."),
    Need.HEBERGEMENT: _("Un lieu où dormir, ou être accueilli à l’abri dans la journée."),
    Need.SANTE: _("Soins du corps, santé sexuelle, soutien psychologique, constats médicaux."),
    Need.JURIDIQUE: _("Connaître ses droits, rencontrer un juriste ou un avocat."),
    Need.NUMERIQUE: _("Images diffusées, chantage ou harcèlement en ligne."),
    Need.SORTIE: _("Être accompagné pour sortir de la prostitution, parcours de sortie compris."),
    Need.PAPIERS: _("Titre de séjour, asile, domiciliation, état civil."),
    Need.FUGUE: _("Fugue, disparition d’un jeune, aide à sa famille."),
    Need.FAMILLE: _("Conseil et soutien aux parents et aux proches."),
    Need.VIOLENCES: _("Violences sexuelles, conjugales ou familiales, mariage forcé."),
    Need.PROSTITUTION: _("Accompagnement de personnes en situation de prostitution, mineures comprises."),
    Need.TRAITE: _("Traite des êtres humains et exploitation sous toutes leurs formes."),
    Need.ADDICTIONS: _("Alcool, drogues, médicaments, réduction des risques."),
    Need.SIGNALEMENT: _("Prévenir une autorité, signaler un danger, porter plainte, garder des preuves."),
}
MEANING_OF_KIND: dict[Kind, StrOrPromise] = {
    Kind.HOTLINE: _("Numéro ou tchat où quelqu’un répond."),
    Kind.SHELTER: _("Places d’hébergement ou de mise à l’abri."),
    Kind.LEGAL: _("Permanences juridiques, avocats, maisons de justice et du droit."),
    Kind.HEALTH: _("Lieux de soins et unités médico-judiciaires."),
    Kind.ASSOCIATION: _("Associations qui accueillent et accompagnent."),
    Kind.REPORTING: _("Services qui reçoivent informations préoccupantes et signalements."),
    Kind.INSTITUTION: _("Administrations, enquêteurs, centres de ressources."),
}

# Codes and names of the data·inclusion v1 schema. «ecoute», «urgence», «fugue», «numerique» and «sortie» have no
# equivalent there: a service with none of the others carries no theme rather than a wrong one.
CATEGORIES: dict[str, str] = {
    "difficultes-administratives-ou-juridiques": "Difficultés administratives ou juridiques",
    "famille": "Famille",
    "logement-hebergement": "Logement et hébergement",
    "sante": "Santé",
}
THEMES_OF_NEEDS: tuple[tuple[str, str, frozenset[str]], ...] = (
    (
        "difficultes-administratives-ou-juridiques--accompagnement-aux-demarches-administratives",
        "Accompagnement aux démarches administratives",
        frozenset({Need.PAPIERS.value}),
    ),
    (
        "difficultes-administratives-ou-juridiques--accompagnement-pour-lacces-aux-droits",
        "Accompagnement pour l’accès aux droits",
        frozenset({Need.JURIDIQUE.value}),
    ),
    (
        "difficultes-administratives-ou-juridiques--prendre-en-compte-une-problematique-judiciaire",
        "Prendre en compte une problématique judiciaire",
        frozenset({Need.SIGNALEMENT.value}),
    ),
    (
        "famille--soutien-a-la-parentalite-et-a-leducation",
        "Soutien à la parentalité et à l’éducation",
        frozenset({Need.FAMILLE.value}),
    ),
    (
        # The only theme that names violence; French law treats both as violence.
        "famille--surmonter-conflits-separation-violence",
        "Surmonter les conflits liés à la séparation ou à la violence",
        frozenset({Need.VIOLENCES.value, Need.PROSTITUTION.value, Need.TRAITE.value}),
    ),
    (
        "logement-hebergement--rechercher-une-solution-dhebergement-temporaire",
        "Rechercher une solution d’hébergement temporaire",
        frozenset({Need.HEBERGEMENT.value}),
    ),
    ("sante--acces-aux-soins", "Accès aux soins", frozenset({Need.SANTE.value})),
    ("sante--addictions", "Addictions", frozenset({Need.ADDICTIONS.value})),
)


def own_terms() -> tuple[Term, ...]:
    """Needs and kinds of the directory, one term each."""
    needs = tuple(
        Term(NEEDS, need.value, need.label, meaning, needs=frozenset({need.value}))
        for need, meaning in MEANING_OF_NEED.items()
    )
    kinds = tuple(
        Term(KINDS, kind.value, kind.label, meaning, kinds=frozenset({kind.value}))
        for kind, meaning in MEANING_OF_KIND.items()
    )
    return needs + kinds


def theme_terms() -> tuple[Term, ...]:
    """Themes of data·inclusion that a need of ours maps to, below their categories."""
    categories = tuple(
        Term(
            THEMES,
            code,
            name,
            name,
            needs=frozenset().union(
                *(needs for theme, _name, needs in THEMES_OF_NEEDS if theme.startswith(f"{code}--"))
            ),
        )
        for code, name in CATEGORIES.items()
    )
    themes = tuple(
        Term(THEMES, code, name, f"{CATEGORIES[category_of(code)]} : {name}", needs=needs, parent=category_of(code))
        for code, name, needs in THEMES_OF_NEEDS
    )
    return categories + themes


def category_of(theme: str) -> str:
    """Code of the category of a data·inclusion theme."""
    return theme.partition("--")[0]


def open_eligibility_terms() -> tuple[Term, ...]:
    """Terms of Open Eligibility that one of our needs or kinds surely means; 1121 and 1389 say more than we know."""
    law = frozenset({Need.JURIDIQUE.value})
    return (
        Term(OPEN_ELIGIBILITY, "1111", "Legal", _("Droit et justice."), needs=law, kinds=frozenset({Kind.LEGAL.value})),
        Term(
            OPEN_ELIGIBILITY,
            "1375",
            "Advocacy & Legal Aid",
            _("Conseil juridique et défense."),
            needs=law,
            parent="1111",
        ),
        Term(
            OPEN_ELIGIBILITY,
            "1124",
            "Help Escape Violence",
            _("Aide pour échapper à des violences."),
            needs=frozenset({Need.VIOLENCES.value}),
        ),
        Term(
            OPEN_ELIGIBILITY,
            "1135",
            "Emergency Shelter",
            _("Hébergement et mise à l’abri."),
            kinds=frozenset({Kind.SHELTER.value}),
        ),
        Term(
            OPEN_ELIGIBILITY,
            "1305",
            "Help Hotlines",
            _("Lignes d’écoute et d’aide."),
            kinds=frozenset({Kind.HOTLINE.value}),
        ),
    )


TERMS: tuple[Term, ...] = own_terms() + theme_terms() + open_eligibility_terms()
TERM_BY_ID: dict[UUID, Term] = {term.id: term for term in TERMS}
TAXONOMY_BY_ID: dict[UUID, Taxonomy] = {taxonomy.id: taxonomy for taxonomy in TAXONOMIES}


@lru_cache(maxsize=4096)
def terms_of(needs: tuple[str, ...], kind: str) -> tuple[Term, ...]:
    """Narrowest terms of every taxonomy that cover a service; few distinct combinations exist, so they are kept."""
    covering = [term for term in TERMS if term.covers(needs, kind)]
    narrower = {(term.taxonomy.code, term.parent) for term in covering if term.parent}
    return tuple(term for term in covering if (term.taxonomy.code, term.code) not in narrower)


def themes_of(needs: tuple[str, ...], kind: str) -> list[str]:
    """Codes of the data·inclusion themes that cover a service."""
    return [term.code for term in terms_of(needs, kind) if term.taxonomy is THEMES]


def services_under_term(identifier: UUID) -> Q:
    """Condition on services: those that a term covers; none when the term does not exist."""
    term = TERM_BY_ID.get(identifier)
    return condition(term) if term else NONE


def services_under_taxonomy(identifier: UUID) -> Q:
    """Condition on services: those that any term of a taxonomy covers; none when it does not exist."""
    terms = [term for term in TERMS if term.taxonomy.id == identifier]
    needs = frozenset().union(*(term.needs for term in terms))
    kinds = frozenset().union(*(term.kinds for term in terms))
    return either(needs, kinds) if terms else NONE


NONE = Q(pk__in=[])


def condition(term: Term) -> Q:
    """The rule of `Term.covers`, asked of the database."""
    return either(term.needs, term.kinds)


def either(needs: frozenset[str], kinds: frozenset[str]) -> Q:
    """Services that have one of these needs or are of one of these kinds."""
    of_needs = Q(needs__overlap=sorted(needs)) if needs else NONE
    of_kinds = Q(kind__in=sorted(kinds)) if kinds else NONE
    return of_needs | of_kinds
