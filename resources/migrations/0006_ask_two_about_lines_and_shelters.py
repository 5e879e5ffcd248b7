"""Two people for what sends somebody in danger the wrong way; who is of the house, asked in one place; merged services.

The functions of 0005 that ask for more now are written anew (docs/adr/0013-facts-bar-a-voice.md, docs/moderation.md).
Going back keeps them: they are stricter, and fit the tables of 0005 as well.
"""

import django.db.models.deletion
from django.db import migrations, models

SIGNS_OF_HOURS = (
    r"^([0-9 :,;+/|()\[\]-]|mo|tu|we|th|fr|sa|su|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ph|sh|off|closed|open"
    r"|unknown|week|easter|days?|sunrise|sunset|dawn|dusk|\"[^\"]*\")*$"
)
UNREADABLE_HOURS = f"UPDATE resources_service SET opening_hours = '' WHERE opening_hours !~* '{SIGNS_OF_HOURS}'"

FUNCTIONS = r"""
-- For whom a person works: organisations of the directory, or a name alone. referrals/ adds teams of partners to it.
CREATE OR REPLACE FUNCTION resources_houses_of(person bigint)
RETURNS TABLE (organisation uuid, name text) LANGUAGE sql STABLE AS $$
    SELECT organisation.id, organisation.name::text
    FROM resources_affiliation AS affiliation
    JOIN resources_organisation AS organisation ON organisation.id = affiliation.organisation_id
    WHERE affiliation.user_id = person
$$;

CREATE OR REPLACE FUNCTION resources_is_of_the_house(about uuid, changes jsonb, person bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM resources_houses_of(person) AS house
        LEFT JOIN resources_organisation AS answering
               ON answering.id = (SELECT organisation_id FROM resources_service WHERE id = about)
        WHERE house.organisation = answering.id
           OR lower(house.name) IN (lower(answering.name), lower(changes #>> '{organisation,after}')))
$$;

-- A line, a shelter, an answer to danger: people go there without a second try.
CREATE OR REPLACE FUNCTION resources_is_relied_on(kind text, needs text[])
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT kind IN ('hotline', 'shelter') OR 'urgence' = ANY (needs)
$$;

-- What stands above every page of the site.
CREATE OR REPLACE FUNCTION resources_is_emergency(kind text, needs text[])
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT kind = 'hotline' AND 'urgence' = ANY (needs)
$$;

CREATE OR REPLACE FUNCTION resources_approvals_needed(
    kind text, changes jsonb, second_wanted boolean, relied_on boolean, emergency boolean)
RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN second_wanted OR kind IN ('new', 'publish')
                  OR changes ?| ARRAY['channels', 'places', 'organisation_website']
                  OR resources_texts_hold_a_contact(changes)
                  -- What makes a line stand above every page of the site.
                  OR coalesce((changes #> '{needs,after}') ? 'urgence', false)
                     AND NOT coalesce((changes #> '{needs,before}') ? 'urgence', false)
                  OR (changes #>> '{kind,after}') IN ('hotline', 'shelter')
                  -- When to come, for whom, where, whether at all.
                  OR relied_on AND changes ?| ARRAY['hours', 'audience', 'territory', 'closure', 'kind', 'needs']
                  OR emergency AND kind = 'closed'
           THEN 2 ELSE 1 END::smallint
$$;
DROP FUNCTION IF EXISTS resources_approvals_needed(text, jsonb, boolean);

CREATE OR REPLACE FUNCTION resources_guard_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE about resources_service;
BEGIN
    SELECT * INTO about FROM resources_service WHERE id = NEW.service_id;
    NEW.approvals_needed := resources_approvals_needed(NEW.kind, NEW.changes, NEW.second_wanted,
        coalesce(resources_is_relied_on(about.kind, about.needs), false),
        coalesce(resources_is_emergency(about.kind, about.needs), false));
    IF TG_OP = 'INSERT' THEN
        NEW.revision := 1;
        IF NEW.status <> 'open' THEN
            PERFORM resources_refuse('a proposal is open before it is decided');
        END IF;
        RETURN NEW;
    END IF;
    NEW.revision := OLD.revision + (OLD.status = 'open' AND NEW.changes IS DISTINCT FROM OLD.changes)::int;
    IF OLD.status <> 'open' THEN
        NEW.approvals_needed := OLD.approvals_needed;  -- what it took when it was decided
        IF NEW.status <> OLD.status THEN
            PERFORM resources_refuse('what was decided stays decided');
        END IF;
    END IF;
    IF NEW.author_id IS DISTINCT FROM OLD.author_id OR NEW.kind <> OLD.kind
       OR OLD.service_id IS NOT NULL AND NEW.service_id IS DISTINCT FROM OLD.service_id THEN
        PERFORM resources_refuse('who proposed, and about what, stays');
    END IF;
    IF OLD.status = 'open' AND NEW.status = 'applied' THEN
        NEW.approvals_needed := OLD.approvals_needed;
        IF NEW.revision <> OLD.revision OR resources_approvals(OLD.id) < OLD.approvals_needed THEN
            PERFORM resources_refuse('proposal');
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- Facts of a published line or shelter that may send somebody the wrong way: what two agreed to, or as they were.
CREATE OR REPLACE FUNCTION resources_guard_what_people_rely_on() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE agreed jsonb;
BEGIN
    agreed := coalesce(resources_agreed(NEW.id), '{}');
    IF NEW.status <> 'published' THEN
        IF resources_is_emergency(OLD.kind, OLD.needs) AND resources_agreed(NEW.id) IS NULL THEN
            PERFORM resources_refuse('removal of an emergency number');
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.opening_hours <> OLD.opening_hours AND (agreed #>> '{hours,after}') IS DISTINCT FROM NEW.opening_hours
       OR NEW.kind <> OLD.kind AND (agreed #>> '{kind,after}') IS DISTINCT FROM NEW.kind
       OR NEW.needs <> OLD.needs AND (agreed #> '{needs,after}') IS DISTINCT FROM to_jsonb(NEW.needs)
       OR NEW.departements <> OLD.departements
          AND (agreed #> '{territory,after}') IS DISTINCT FROM to_jsonb(NEW.departements)
       OR ROW(NEW.min_age, NEW.max_age, NEW.age_rule, NEW.genders, NEW.gender_rule)
          IS DISTINCT FROM ROW(OLD.min_age, OLD.max_age, OLD.age_rule, OLD.genders, OLD.gender_rule)
          AND (agreed #> '{audience,after}') IS DISTINCT FROM jsonb_build_object('min_age', NEW.min_age,
              'max_age', NEW.max_age, 'age_rule', NEW.age_rule, 'genders', NEW.genders, 'gender_rule', NEW.gender_rule)
       OR ROW(NEW.closed_from, NEW.closed_until) IS DISTINCT FROM ROW(OLD.closed_from, OLD.closed_until)
          AND (agreed #> '{closure,after}') IS DISTINCT FROM jsonb_build_object(
              'from', NEW.closed_from, 'until', NEW.closed_until, 'note', NEW.closure_note) THEN
        PERFORM resources_refuse('what people rely on');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER two_people_about_lines_and_shelters BEFORE UPDATE ON resources_service
    FOR EACH ROW WHEN (OLD.status = 'published'
        AND (resources_is_relied_on(OLD.kind, OLD.needs) OR resources_is_relied_on(NEW.kind, NEW.needs)))
    EXECUTE FUNCTION resources_guard_what_people_rely_on();

-- Open proposals are counted anew by the rules of today.
UPDATE resources_proposal SET second_wanted = second_wanted WHERE status = 'open';
"""

DROP = "DROP TRIGGER two_people_about_lines_and_shelters ON resources_service"


class Migration(migrations.Migration):
    """Columns and constraints, then the functions."""

    dependencies = [("resources", "0005_let_nobody_publish_alone")]
    operations = [
        migrations.RunSQL(UNREADABLE_HOURS, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="service",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="merged",
                to="resources.service",
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(("opening_hours__iregex", SIGNS_OF_HOURS)),
                name="service_hours_are_written_as_hours",
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True),
                    models.Q(("status", "hidden"), models.Q(("merged_into", models.F("id")), _negated=True)),
                    _connector="OR",
                ),
                name="service_merged_is_hidden_and_not_into_itself",
            ),
        ),
        migrations.RunSQL("SET LOCAL check_function_bodies = off;", migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTIONS, DROP),
    ]
