"""The picture map of the eight départements, from outlines drawn by others (credit: legal notice)."""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from resources.vocabulary import DEPARTEMENTS

STEP = re.compile(r"(-?[\d.]+),(-?[\d.]+)")
MARGIN = 1.0
# Where a number would fall outside its crescent or onto a neighbour, it is moved (units of the drawing).
NUDGES: dict[str, tuple[float, float]] = {"92": (-2.6, 0.8), "75": (0.0, 1.0)}


@dataclass(frozen=True, slots=True)
class Outline:
    """One département on the map: its outline and where its number is written, in units of the drawing."""

    code: str
    name: str
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole map; `view_box` as SVG wants it."""

    view_box: str
    outlines: tuple[Outline, ...]


@cache
def region() -> Drawing:
    """Read once per process from the bundled file."""
    with (files("resources") / "data" / "departements_idf_svg.json").open(encoding="utf-8") as file:
        drawn = {location["id"]: location["path"] for location in json.load(file)["locations"]}
    corners = {code: points(path) for code, path in drawn.items()}
    across = [x for shape in corners.values() for x, _y in shape]
    down = [y for shape in corners.values() for _x, y in shape]
    start, top = min(across) - MARGIN, min(down) - MARGIN
    width, height = max(across) - start + MARGIN, max(down) - top + MARGIN
    return Drawing(
        view_box=f"{start:.1f} {top:.1f} {width:.1f} {height:.1f}",
        outlines=tuple(outline(code, drawn[code], corners[code]) for code in DEPARTEMENTS),
    )


def outline(code: str, path: str, corners: list[tuple[float, float]]) -> Outline:
    """A département with its number in the middle of its shape."""
    x, y = centroid(corners)
    aside, below = NUDGES.get(code, (0.0, 1.0))
    return Outline(code, DEPARTEMENTS[code], path, round(x + aside, 1), round(y + below, 1))


def points(path: str) -> list[tuple[float, float]]:
    """Corners of an outline made of relative straight steps («m x,y dx,dy … z»)."""
    corners: list[tuple[float, float]] = []
    x = y = 0.0
    for step in STEP.finditer(path):
        x, y = x + float(step[1]), y + float(step[2])
        corners.append((x, y))
    return corners


def centroid(corners: list[tuple[float, float]]) -> tuple[float, float]:
    """Centre of gravity of a polygon."""
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    return x / (3 * area), y / (3 * area)
