#!/bin/sh
# Makes sure that the tests have a Chromium: the machine's own, else Debian's package, else the one of Playwright.
set -eu
cd "$(dirname "$0")/.."

found() {
    program=$(.venv/bin/python bench/browsers.py)
    [ -n "$program" ] && "$program" --version >/dev/null 2>&1
}

if found; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Chromium manque : installation du paquet de Debian…"
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium >/dev/null && found; then
        exit 0
    fi
fi
if .venv/bin/python -c "
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not pathlib.Path(playwright.chromium.executable_path).exists())"; then
    exit 0
fi
echo "Chromium manque : installation de celui de Playwright…"
if ! .venv/bin/python -m playwright install chromium; then
    echo "Les essais ont besoin de Chromium. Installez-le (Debian : « apt-get install chromium » ;" \
        "macOS : Google Chrome), puis relancez « make test »." >&2
    exit 1
fi
