"""What no layer contract says: who may import what from outside."""

import ast
from pathlib import Path

REFERRALS = Path(__file__).resolve().parent.parent / "referrals"
ENCRYPTION = {"cryptography", "nacl", "argon2", "Crypto"}


def imported(path: Path) -> set[str]:
    """Names of the packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_one_module_touches_the_encryption_library() -> None:
    users = {path.relative_to(REFERRALS).as_posix() for path in REFERRALS.rglob("*.py") if imported(path) & ENCRYPTION}

    assert users == {"crypto.py"}


def test_sealing_and_codes_know_no_framework() -> None:
    assert {name for name in ("crypto.py", "codes.py") if "django" in imported(REFERRALS / name)} == set()
