"""Extensions (all trusted: any database owner may create them) and a French text search without accents."""

from django.contrib.postgres.operations import CreateExtension, TrigramExtension, UnaccentExtension
from django.db import migrations

CREATE = """
CREATE TEXT SEARCH CONFIGURATION fr_folded (COPY = pg_catalog.french);
ALTER TEXT SEARCH CONFIGURATION fr_folded
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, french_stem;
"""
DROP = "DROP TEXT SEARCH CONFIGURATION fr_folded;"


class Migration(migrations.Migration):
    """What the directory's columns and indexes need first."""

    initial = True
    dependencies = []
    operations = [
        UnaccentExtension(),
        TrigramExtension(),
        CreateExtension("cube"),
        migrations.RunSQL(CREATE, DROP),
    ]
