"""Files to import, as other directories write them."""

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import call_command

ORGANISATION = "22222222-2222-4222-8222-222222222222"


def identifier(number: int) -> str:
    """A UUID of a made-up directory."""
    return f"11111111-1111-4111-8111-{number:012d}"


def a_record(number: int = 1, **facts: Any) -> dict[str, Any]:
    """A service of another directory, as HSDS nests it."""
    return {
        "id": identifier(number),
        "name": f"Accueil numéro {number}",
        "status": "active",
        "description": "Un accueil.",
        "organization": {"id": ORGANISATION, "name": "Canal (fictif)", "description": "Canal (fictif)"},
        "phones": [{"number": f"01990000{number % 100:02d}", "type": "voice"}],
        "service_areas": [{"name": "Seine-Saint-Denis"}],
        **facts,
    }


def a_file(folder: Path, *records: object, name: str = "autre.json") -> Path:
    """A list of services, one a line."""
    path = folder / name
    lines = ",\n".join(json.dumps(record) for record in records)
    path.write_text(f'{{"services": [\n{lines}\n]}}', encoding="utf-8")
    return path


def run_import(path: Path, *options: str, form: str = "hsds") -> str:
    """What the command says."""
    said = io.StringIO()
    call_command("import_directory", "--format", form, str(path), *options, stdout=said)
    return said.getvalue()
