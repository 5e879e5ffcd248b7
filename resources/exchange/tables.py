"""Tables as files give them: CSV read row by row, each with its line and its cells by column."""

import csv
from collections.abc import Iterator
from typing import IO

from resources.exchange.incoming import Fault, FileRefused

SEPARATORS = ",;\t"


def lines(file: IO[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of every row below the header; a short row lacks its last cells, a long one loses the surplus.

    The separator is the one of the header. Raises FileRefused where the file is no CSV in UTF-8.
    """
    line = 1
    try:
        header = file.readline()
        separator = max(SEPARATORS, key=header.count)
        names = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
        reader = csv.reader(file, delimiter=separator)
        for cells in reader:
            line = reader.line_num + 1
            if cells:
                yield line, dict(zip(names, cells, strict=False))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileRefused(Fault(line, "fichier", "CSV en UTF-8 attendu")) from error
