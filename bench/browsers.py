"""The Chromium that tests and benchmarks drive: the machine's own, else the one of Playwright.

Run as a program it prints where the machine's own is, or nothing (requirements/browser.sh).
"""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")


def program() -> str | None:
    """Where the machine's own is; None for the one of Playwright."""
    return next((path for path in map(shutil.which, NAMES) if path is not None), None)


if __name__ == "__main__":
    print(program() or "")
