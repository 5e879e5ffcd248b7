"""What somebody asked the directory, as its address carries it: filters in codes, words sealed."""

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

from django.http import QueryDict

from resources import sealed
from resources.forms import InvalidQuery, Query, is_yes, read_query
from resources.text import MAX_QUERY
from resources.vocabulary import CODE_OF_NEED

FILTERS = ("need", "departement", "near", "age", "gender", "language", "open_now")
LONGEST_PLACE = 100


@dataclass(frozen=True)
class Asked:
    """Words, place and filters of one question. `place` was typed, and travels sealed with the words."""

    text: str = ""
    place: str = ""
    filters: dict[str, str] = field(default_factory=dict)
    seal_expired: bool = False

    @cached_property
    def seal(self) -> str:
        """The words and the place, sealed once for all links of a page."""
        return sealed.seal(f"{self.text}\n{self.place}") if self.text or self.place else ""

    def address(self, *, page: int = 1) -> str:
        """Query string that carries the question without saying its words; empty when nothing is asked."""
        values = dict(self.filters)
        if self.seal:
            values["r"] = self.seal
        if page > 1:
            values["page"] = str(page)
        # Tokens end with «=»; left as it is, the whole is quoted ten times faster.
        return urlencode(values, safe=",=")

    def without(self, name: str) -> "Asked":
        """The same question with one filter less."""
        if name == "q":
            return Asked(place=self.place, filters=self.filters)
        if name == "near":
            return Asked(text=self.text, filters=kept(self.filters, but="near"))
        return Asked(text=self.text, place=self.place, filters=kept(self.filters, but=name))

    def query(self, *, page: str = "") -> tuple[Query, dict[str, list[str]]]:
        """The question for search, and the fields that were not understood and therefore left out."""
        values = {**self.filters, "q": self.text, "page": page}
        if self.place:
            values["near"] = self.place
        try:
            return read_query(values), {}
        except InvalidQuery as refused:
            known = {name: value for name, value in values.items() if name not in refused.errors}
            return read_query(known), refused.errors


def kept(filters: dict[str, str], *, but: str) -> dict[str, str]:
    """Filters without one."""
    return {name: value for name, value in filters.items() if name != but}


def from_address(values: QueryDict) -> Asked:
    """The question that an address carries; words sealed more than 15 minutes ago are gone."""
    token = values.get("r", "")
    words = sealed.unseal(token) if token else ""
    text, _newline, place = (words or "").partition("\n")
    return Asked(text=text, place=place, filters=coded(values), seal_expired=words is None)


def from_form(values: QueryDict) -> Asked:
    """The question that the search form sends; what is typed as a place is sealed like the words."""
    text = " ".join(values.get("q", "").replace("\0", " ").split())[:MAX_QUERY]
    place = " ".join(values.get("near", "").replace("\0", " ").split())[:LONGEST_PLACE]
    return Asked(text=text, place=place, filters=kept(coded(values), but="near"))


def coded(values: QueryDict) -> dict[str, str]:
    """Filters that are set, written in one way only: needs once each as their short codes, a switch as 1.

    Every link of a page carries them, and options are remembered by them: neither may grow with what is sent.
    """
    given = {name: str(values.get(name, "")).strip()[:LONGEST_PLACE] for name in FILTERS if name != "need"}
    given["open_now"] = "1" if is_yes(given["open_now"]) else ""
    needs = [need.strip() for value in values.getlist("need") for need in value.split(",")]
    codes = dict.fromkeys(CODE_OF_NEED.get(need, need) for need in needs if need)
    given["need"] = ",".join(codes)
    return {name: given[name] for name in FILTERS if given[name]}
