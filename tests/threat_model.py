"""The table of what is left of a visit (docs/threat-model.md), which tests compare with what they find."""

import re

from django.conf import settings


def measured() -> dict[str, set[str]]:
    """The table of docs/threat-model.md: names by kind."""
    text = (settings.BASE_DIR / "docs/threat-model.md").read_text(encoding="utf-8")
    table = text.partition("### Measured")[2].partition("\n#")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")][2:]
    return {kind: set(re.findall(r"`([^`]+)`", names)) for kind, names, *_why in rows}
