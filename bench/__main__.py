"""`python -m bench`, what `make bench` runs: how right search is, how easy pages are to read, how fast
the site answers, how many it bears."""

import argparse
import sys

from bench import databases, steps

SIZES = [5_000, 300_000]
SMALLEST_SIZE, LARGEST_SIZE = 500, 1_000_000
OLD_REFERRALS = (0, 100_000)
SECONDS, MOST_SECONDS = 10, 60


def size(text: str) -> int:
    """A number of services that makes sense."""
    count = int(text)
    if not SMALLEST_SIZE <= count <= LARGEST_SIZE:
        raise argparse.ArgumentTypeError(f"un nombre de {SMALLEST_SIZE} à {LARGEST_SIZE}")
    return count


def seconds(text: str) -> int:
    """A duration that makes sense."""
    value = int(text)
    if not 1 <= value <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"un nombre de 1 à {MOST_SECONDS}")
    return value


def arguments() -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Mesure la pertinence, la lecture et la vitesse du site."
    )
    parser.add_argument("--sizes", type=size, nargs="+", default=SIZES, help="nombres de fiches inventées")
    parser.add_argument("--seconds", type=seconds, default=SECONDS, help="durée de chaque scénario de foule")
    parser.add_argument("--fresh", action="store_true", help="refait les bases au lieu de reprendre celles d’avant")
    return parser.parse_args()


def main() -> None:
    """Everything in the order in which it is printed."""
    asked = arguments()
    steps.end_on_signals()
    steps.prepare()
    with databases.server() as url:
        say("Annuaire de départ")
        starter = databases.starter(url)
        steps.run("-m", "bench.relevance", url=starter)
        steps.run("-m", "bench.readability", url=starter)
        steps.run("-m", "bench.weight", url=starter)
        steps.run("-m", "bench.intent", url=steps.NO_DATABASE)
        for count in asked.sizes:
            say(f"Annuaire inventé de {count} fiches")
            made_up = databases.made_up(url, count, fresh=asked.fresh)
            steps.run("-m", "bench.speed", str(count), url=made_up)
            steps.run("-m", "bench.load", str(count), str(asked.seconds), url=made_up)
        for count in OLD_REFERRALS:
            say(f"Base de {count} demandes inventées")
            written = databases.written(url, count, fresh=asked.fresh)
            steps.run("-m", "bench.sending", str(count), str(asked.seconds), url=written)
            steps.run("-m", "bench.inbox", str(count), url=written)
        steps.run("-m", "bench.telling_apart", url=databases.written(url, OLD_REFERRALS[0], fresh=False))


def say(line: str) -> None:
    """What comes next."""
    sys.stdout.write(f"\n{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
