"""Numbers as a person compares them: percentiles, what was aimed at, columns that line up."""

import math
from collections.abc import Sequence

UNKNOWN = "–"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share (0 to 1) of the values do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no percentile of nothing")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, 0 for nothing."""
    return sum(values) / len(values) if values else 0.0


def shown(value: float | None, digits: int = 1) -> str:
    """A number as French readers write it: «12 345,6»; a dash when it is not known."""
    if value is None:
        return UNKNOWN
    return f"{value:,.{digits}f}".replace(",", " ").replace(".", ",")


def against(value: float | None, aim: float | None, *, digits: int = 1, at_least: bool = False) -> str:
    """A figure beside its aim, with their ratio and whether it is met: «6,2 / 10 = 0,62 ✓»."""
    if value is None or aim is None:
        return shown(value, digits)
    met = value >= aim if at_least else value <= aim
    ratio = f" = {shown(value / aim, 2)}" if aim else ""
    return f"{shown(value, digits)} / {f'{aim:g}'.replace('.', ',')}{ratio} {'✓' if met else '✗'}"


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A title and columns, words to the left and numbers to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.rjust(width) if position else cell.ljust(width)
            for position, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join([first, *others]).rstrip()

    return "\n".join(["", title, line(heads), line(["─" * width for width in widths]), *map(line, rows), ""])
