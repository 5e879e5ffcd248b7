"""`manage.py train_intent`: teach the intent model anew from the phrases of resources/intent/phrases."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from resources.intent import model, phrasebook, training


class Command(BaseCommand):
    """Train on ninety-four phrases in a hundred, report on the others, then keep the weights."""

    help = "Apprend le modèle d’intention et affiche sa précision sur des phrases mises de côté."
    requires_system_checks = ()

    def handle(self, *_args: object, **_options: object) -> None:
        """Write resources/intent/intent.npz.xz."""
        try:
            rows = phrasebook.phrases()
        except ValueError as error:
            raise CommandError(str(error)) from error
        learnt = [row for row in rows if not row.is_held_out]
        held_out = [row for row in rows if row.is_held_out]
        self.stdout.write(f"{len(learnt)} phrases apprises, {len(held_out)} mises de côté.")
        weights = training.train(learnt, tell=self.stderr.write)
        content = weights.save()
        weights = model.Weights.read(content)
        for score in phrasebook.report(weights, held_out):
            self.stdout.write(
                f"{score.label:14} {score.phrases:4} phrases"
                f"  précision {score.precision:.2f}  rappel {score.recall:.2f}"
            )
        path = Path(model.__file__).with_name(model.FILE)
        path.write_bytes(content)
        words = training.everyday_words(rows)
        path.with_name("everyday_words.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
        self.stdout.write(f"{path.name} : {len(content) // 1024} Ko")
