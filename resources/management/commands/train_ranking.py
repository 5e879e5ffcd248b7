"""`manage.py train_ranking`: learn anew, from judged phrases, which facts of a service answer which meaning."""

from collections.abc import Callable
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from resources.forms import Query
from resources.intent import training as intent_training
from resources.intent.model import meaning
from resources.intent.phrasebook import half_of, phrases
from resources.models import Service
from resources.question import question
from resources.ranking import model, training
from resources.statement import word_matches


def readers_of_halves() -> list[Callable[[str], dict[str, float]]]:
    """For each half of the judged answers a model that learnt from the other half only.

    Ranking must learn from phrases as badly read as those of strangers are.
    """
    learnt = [phrase for phrase in phrases() if not phrase.is_held_out]
    return [
        intent_training.train([one for one in learnt if not one.entry or half_of(one.entry) != half]).meaning
        for half in (0, 1)
    ]


class Command(BaseCommand):
    """Train on the judged phrases and the services of the database."""

    help = "Apprend, sur des réponses jugées, ce qui compte pour classer les fiches."

    def handle(self, *_args: object, **_options: object) -> None:
        """Write resources/ranking/ranking.npz."""
        services = list(Service.objects.published().order_by("slug"))
        judged = training.judged()
        slugs = [service.slug for service in services]
        if not judged or not slugs:
            raise CommandError("Il faut des phrases jugées et un annuaire chargé.")
        missing = {slug for row in judged for slug in row.relevant} - set(slugs)
        if missing:
            raise CommandError(f"Fiches jugées mais absentes : {', '.join(sorted(missing))}")
        now = timezone.now()
        examples = []
        readers = readers_of_halves()
        for row in judged:
            read = readers[half_of(row.entry)] if row.has_labels else meaning
            asked = question(Query(text=row.phrase), now=now, read=read)
            words = word_matches(asked)
            examples.append(
                training.example(
                    row,
                    labels=asked.labels,
                    slugs=slugs,
                    words=words.matched,
                    allowed=words.allowed,
                )
            )
        self.stdout.write(f"{len(examples)} phrases jugées, {len(slugs)} fiches.")
        facts = training.facts_matrix([service.fact_bits for service in services])
        net = training.train(facts, examples, tell=self.stderr.write)
        content = net.save()
        path = Path(model.__file__).with_name(model.FILE)
        path.write_bytes(content)
        self.stdout.write(f"{path.name} : {len(content) // 1024} Ko, mots × {net.words:.2f}")
