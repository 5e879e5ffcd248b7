"""A number of a translation is seen through what nobody sees: marks of Markdown, signs without width, other figures.

«06*12*34*56*78» is shown as one number, and so is «06\\.12\\.34»: migration 0008 read them as pairs of figures.
"""

from django.db import migrations

CONTACTS = r"""
CREATE OR REPLACE FUNCTION resources_contacts_in(said text)
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    WITH texts AS (
        SELECT said AS written, regexp_replace(said, '[*_\\\u00ad\u200b-\u200f\u2060\ufeff]', '', 'g') AS shown
    )
    SELECT coalesce(array_agg(DISTINCT token), '{}') FROM (
        SELECT regexp_replace(found[1], '[^0-9]', '', 'g') AS token
        FROM texts, regexp_matches(shown, '([0-9](?:(?:[-\u00a0\u202f ./()]{0,2}|,)[0-9]){2,})', 'g') AS found
        UNION ALL
        -- As long as a telephone number, whatever stands between its figures; a colon makes an hour.
        SELECT regexp_replace(found[1], '[^0-9]', '', 'g')
        FROM texts, regexp_matches(shown, '([0-9](?:[^0-9[:alpha:]:]{0,3}[0-9]){8,})', 'g') AS found
        UNION ALL
        SELECT lower(found[1])
        FROM texts, unnest(ARRAY[written, shown]) AS either, regexp_matches(either,
            '((?:[a-z]+://|www\.|tel:|sms:)[^\s)|}]+|[^\s(]+@[^\s)]+|[a-z0-9-]+\.(?:fr|com|org|net|eu|info)\M|\]\([^)]*\)|\{[a-z]+:[^|}]*|[²³¹٠-٩۰-۹०-९০-৯⁰-₉①-⓿０-９𝟎-𝟿])',
            'gi') AS found
    ) AS tokens
$$;
"""


class Migration(migrations.Migration):
    """The function of 0008, written anew; going back keeps it: it is stricter."""

    dependencies = [("resources", "0008_let_nobody_change_pages_alone")]
    operations = [migrations.RunSQL(CONTACTS, migrations.RunSQL.noop)]
