"""The command line of the site: `.venv/bin/python manage.py COMMAND`."""

import os
import sys

try:
    from django.core.management import execute_from_command_line
except ModuleNotFoundError as missing:
    raise SystemExit(
        f"{missing.name} n’est pas installé dans ce Python ({sys.executable}). "
        "Lancez « make serve » une fois, puis « .venv/bin/python manage.py … »."
    ) from None


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
