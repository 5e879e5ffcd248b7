"""What is being done right now, said beside the results: one line on a terminal, a few in a file."""

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

SECONDS_BETWEEN = 10.0


@dataclass
class Progress:
    """Says a line over the one before; where lines cannot be written over, at most one in ten seconds."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    said_at: float = float("-inf")

    def __call__(self, line: str) -> None:
        """Say what is being done."""
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[K{line}")
        elif time.monotonic() - self.said_at >= SECONDS_BETWEEN:
            self.said_at = time.monotonic()
            self.stream.write(f"{line}\n")
        self.stream.flush()

    def clear(self) -> None:
        """Make room for results."""
        if self.stream.isatty():
            self.stream.write("\r\x1b[K")
            self.stream.flush()
