"""What an ordinary profile of Chromium keeps on the disk, read as somebody reads it who has the device."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from config.seizure import Finder, shapes


@dataclass(frozen=True, slots=True)
class Profile:
    """The folder of a browser that was closed."""

    folder: Path

    def files(self) -> Iterator[Path]:
        """Everything that it wrote."""
        return (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())

    def places_of(self, text: str) -> set[str]:
        """Files, or folders of numbered files, that hold a text in any shape that programs give it."""
        finder, named = Finder(shapes(text)), text.replace(":", "_")
        return {
            self.place_of(path)
            for path in self.files()
            if named in str(path.relative_to(self.folder)) or finder.search([path.read_bytes()])[1]
        }

    def place_of(self, path: Path) -> str:
        """A file by the part of its name that does not change: `Sessions/Session_…` is `Sessions`."""
        parts = path.relative_to(self.folder).parts
        inside = parts[1:] if parts[0] == "Default" else parts
        name = inside[0].removesuffix("-journal").removesuffix("-wal")
        return f"{name}/{inside[1]}" if name in {"Cache", "WebStorage", "Network"} and len(inside) > 1 else name

    def rows(self, name: str, statement: str) -> list[tuple[object, ...]]:
        """What a database of the profile answers; nothing when it does not exist."""
        path = self.folder / "Default" / name
        if not path.exists():
            return []
        copy = shutil.copy(path, self.folder.parent / "copy.sqlite")
        with closing(sqlite3.connect(copy)) as database:
            return [tuple(row) for row in database.execute(statement)]

    def history(self) -> set[tuple[str, str]]:
        """Address and title of every page."""
        return {(str(url), str(title)) for url, title in self.rows("History", "SELECT url, title FROM urls")}

    def cached(self, host: str) -> set[str]:
        """Paths of what the browser keeps of a site in its caches."""
        stored = (path for path in self.files() if self.place_of(path).startswith(("Cache", "Code Cache")))
        asked = re.compile(rb"http://" + re.escape(host.encode()) + rb"(/[\w./?=&%-]*)")
        return {found.decode().partition("?")[0] for path in stored for found in asked.findall(path.read_bytes())}
