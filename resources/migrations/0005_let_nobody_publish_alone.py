"""Nothing is published on one person's word: the database itself refuses (docs/adr/0009-two-people-publish.md).

What is guarded: a service becoming public; a public way of contact of a public service (telephone, SMS, chat, e-mail,
site, address); a text of a public service that begins to hold a number or an address. Each needs an open proposal,
named by the transaction in `eclaircie.proposal`, which two moderators approved and which says exactly that.
"""

from typing import Any

from django.db import migrations

FUNCTIONS = r"""
-- A number, a site or a mail address inside a text. Too careful rather than too trusting.
CREATE FUNCTION resources_holds_a_contact(said text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(said ~* '[0-9]([^0-9[:alpha:]]{0,2}[0-9]){2,}|://|www\.|@|[[:alnum:]]\.(fr|com|org|net|eu|info)\M', false)
$$;

-- Opening hours hold digits; only a remark between quotes can carry words.
CREATE FUNCTION resources_texts_hold_a_contact(changes jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(bool_or(resources_holds_a_contact(said)), false)
        OR coalesce(changes #>> '{hours,after}', '') LIKE '%"%'
    FROM (VALUES (changes #>> '{name,after}'), (changes #>> '{organisation,after}'), (changes #>> '{description,after}'),
                 (changes #>> '{what_happens,after}'), (changes #>> '{saturation,after,note}'),
                 (changes #>> '{closure,after,note}')) AS texts (said)
$$;

CREATE FUNCTION resources_approvals_needed(kind text, changes jsonb, second_wanted boolean)
RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN second_wanted OR kind IN ('new', 'publish')
                  OR changes ?| ARRAY['channels', 'places', 'organisation_website']
                  OR resources_texts_hold_a_contact(changes)
                  -- What makes a line stand above every page of the site.
                  OR coalesce((changes #> '{needs,after}') ? 'urgence', false)
                     AND NOT coalesce((changes #> '{needs,before}') ? 'urgence', false)
                  OR (changes #>> '{kind,after}') = 'hotline'
           THEN 2 ELSE 1 END::smallint
$$;

-- How many different moderators agree to a proposal as it is now: never its author, never somebody of the organisation.
CREATE FUNCTION resources_approvals(of_proposal bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(DISTINCT vote.moderator_id)
    FROM resources_proposal AS proposal
    JOIN resources_vote AS vote ON vote.proposal_id = proposal.id AND vote.revision = proposal.revision
    JOIN accounts_user AS moderator ON moderator.id = vote.moderator_id
    WHERE proposal.id = of_proposal AND vote.verdict = 'approve'
      AND vote.moderator_id IS DISTINCT FROM proposal.author_id AND moderator.is_active AND moderator.is_staff
      AND NOT resources_is_of_the_house(proposal.service_id, proposal.changes, vote.moderator_id)
$$;

-- What two moderators agreed to about this service, in the proposal that the transaction names; else nothing.
CREATE FUNCTION resources_agreed(about uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT proposal.changes
    FROM resources_proposal AS proposal
    WHERE proposal.id = nullif(current_setting('eclaircie.proposal', true), '')::bigint
      AND proposal.service_id = about AND proposal.status = 'open' AND resources_approvals(proposal.id) >= 2
$$;

-- The starter loader's exception: it says so, and the service was entered by this very transaction.
CREATE FUNCTION resources_is_first_load(about uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('eclaircie.first_load', true) = 'on' AND EXISTS (
        SELECT 1 FROM resources_serviceevent
        WHERE pgh_obj_id = about AND pgh_label = 'insert' AND pgh_created_at = now())
$$;

CREATE FUNCTION resources_channel_is_agreed(agreed jsonb, channel resources_accesschannel)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(agreed #> '{channels,after}' @> jsonb_build_array(jsonb_build_object(
        'kind', channel.kind, 'value', channel.value, 'visibility', channel.visibility, 'note', channel.note)), false)
$$;

CREATE FUNCTION resources_place_is_agreed(agreed jsonb, place resources_place)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(agreed #> '{places,after}' @> jsonb_build_array(jsonb_build_object(
        'commune', place.commune_id, 'confidential', place.confidential, 'address', place.address,
        'latitude', place.latitude, 'longitude', place.longitude)), false)
$$;

CREATE FUNCTION resources_text_is_agreed(said text, agreed_text text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT NOT resources_holds_a_contact(said) OR said IS NOT DISTINCT FROM agreed_text
$$;

CREATE FUNCTION resources_refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'nothing is published on one person''s word: %', what
        USING ERRCODE = 'check_violation', CONSTRAINT = 'two_people_publish';
END $$;

CREATE FUNCTION resources_is_of_the_house(about uuid, changes jsonb, person bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM resources_affiliation AS affiliation
        JOIN resources_organisation AS organisation ON organisation.id = affiliation.organisation_id
        WHERE affiliation.user_id = person
          AND (organisation.id = (SELECT organisation_id FROM resources_service WHERE id = about)
               OR lower(organisation.name) = lower(changes #>> '{organisation,after}')))
$$;
"""

GUARD_SERVICE = r"""
CREATE FUNCTION resources_guard_service() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE agreed jsonb;
BEGIN
    IF NEW.status <> 'published' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM resources_refuse('a service is entered before it is published');
    END IF;
    IF OLD.status = 'published' AND ROW(OLD.name, OLD.description, OLD.what_happens, OLD.saturation_note,
            OLD.closure_note, OLD.opening_hours, OLD.organisation_id, OLD.public_id)
        IS NOT DISTINCT FROM ROW(NEW.name, NEW.description, NEW.what_happens, NEW.saturation_note,
            NEW.closure_note, NEW.opening_hours, NEW.organisation_id, NEW.public_id) THEN
        RETURN NEW;
    END IF;
    IF OLD.status = 'pending' AND OLD.published_at IS NULL
       AND NEW.verified_by_check IN ('official_page', 'secondary_source') AND resources_is_first_load(NEW.id) THEN
        RETURN NEW;
    END IF;
    agreed := resources_agreed(NEW.id);
    IF OLD.status <> 'published' THEN
        IF agreed IS NULL THEN
            PERFORM resources_refuse('service');
        END IF;
        IF EXISTS (SELECT 1 FROM resources_accesschannel AS channel WHERE channel.service_id = NEW.id
                   AND channel.visibility = 'public' AND NOT resources_channel_is_agreed(agreed, channel)) THEN
            PERFORM resources_refuse('channel');
        END IF;
        IF EXISTS (SELECT 1 FROM resources_place AS place WHERE place.service_id = NEW.id
                   AND NOT resources_place_is_agreed(agreed, place)) THEN
            PERFORM resources_refuse('place');
        END IF;
    END IF;
    IF (OLD.status <> 'published' OR OLD.organisation_id <> NEW.organisation_id)
       AND EXISTS (SELECT 1 FROM resources_organisation AS organisation WHERE organisation.id = NEW.organisation_id
                   AND organisation.website <> ''
                   AND organisation.website IS DISTINCT FROM (agreed #>> '{organisation_website,after}')
                   AND NOT EXISTS (SELECT 1 FROM resources_service AS other WHERE other.status = 'published'
                                   AND other.organisation_id = organisation.id AND other.id <> NEW.id)) THEN
        PERFORM resources_refuse('site of the organisation');
    END IF;
    IF NOT (
        (NEW.name = OLD.name AND OLD.status = 'published' OR resources_text_is_agreed(NEW.name, agreed #>> '{name,after}'))
        AND (NEW.description = OLD.description AND OLD.status = 'published'
             OR resources_text_is_agreed(NEW.description, agreed #>> '{description,after}'))
        AND (NEW.what_happens = OLD.what_happens AND OLD.status = 'published'
             OR resources_text_is_agreed(NEW.what_happens, agreed #>> '{what_happens,after}'))
        AND (NEW.saturation_note = OLD.saturation_note AND OLD.status = 'published'
             OR resources_text_is_agreed(NEW.saturation_note, agreed #>> '{saturation,after,note}'))
        AND (NEW.closure_note = OLD.closure_note AND OLD.status = 'published'
             OR resources_text_is_agreed(NEW.closure_note, agreed #>> '{closure,after,note}'))
        AND (NEW.opening_hours = OLD.opening_hours AND OLD.status = 'published'
             OR NEW.opening_hours NOT LIKE '%"%' OR NEW.opening_hours = (agreed #>> '{hours,after}'))) THEN
        PERFORM resources_refuse('contact inside a text');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER two_people_publish BEFORE INSERT OR UPDATE ON resources_service
    FOR EACH ROW EXECUTE FUNCTION resources_guard_service();
"""

GUARD_CONTACTS = r"""
CREATE FUNCTION resources_guard_channel() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE shown uuid[];
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.visibility = 'public' THEN
        shown := array_append(shown, OLD.service_id);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.visibility = 'public' THEN
        shown := array_append(shown, NEW.service_id);
        IF TG_OP = 'UPDATE' AND NEW = OLD THEN
            RETURN NEW;
        END IF;
        IF EXISTS (SELECT 1 FROM resources_service WHERE id = NEW.service_id AND status = 'published')
           AND NOT resources_channel_is_agreed(resources_agreed(NEW.service_id), NEW) THEN
            PERFORM resources_refuse('channel');
        END IF;
    END IF;
    IF EXISTS (SELECT 1 FROM resources_service WHERE id = ANY(shown) AND status = 'published'
               AND NOT coalesce(resources_agreed(id) ? 'channels', false)) THEN
        PERFORM resources_refuse('channel');
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER two_people_publish BEFORE INSERT OR UPDATE OR DELETE ON resources_accesschannel
    FOR EACH ROW EXECUTE FUNCTION resources_guard_channel();

CREATE FUNCTION resources_guard_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Keeping a place secret waits for nobody.
    IF TG_OP = 'UPDATE' AND NEW.confidential AND NEW.service_id = OLD.service_id
       AND NEW.commune_id IS NOT DISTINCT FROM OLD.commune_id THEN
        RETURN NEW;
    END IF;
    IF TG_OP <> 'DELETE'
       AND EXISTS (SELECT 1 FROM resources_service WHERE id = NEW.service_id AND status = 'published')
       AND NOT resources_place_is_agreed(resources_agreed(NEW.service_id), NEW) THEN
        PERFORM resources_refuse('place');
    END IF;
    IF TG_OP <> 'INSERT'
       AND EXISTS (SELECT 1 FROM resources_service WHERE id = OLD.service_id AND status = 'published'
                   AND NOT coalesce(resources_agreed(id) ? 'places', false)) THEN
        PERFORM resources_refuse('place');
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER two_people_publish BEFORE INSERT OR UPDATE OR DELETE ON resources_place
    FOR EACH ROW EXECUTE FUNCTION resources_guard_place();

CREATE FUNCTION resources_guard_organisation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.website = OLD.website AND (NEW.name = OLD.name OR NOT resources_holds_a_contact(NEW.name)) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM resources_service WHERE organisation_id = NEW.id AND status = 'published')
       AND NOT EXISTS (SELECT 1 FROM resources_service WHERE organisation_id = NEW.id
                       AND (resources_agreed(id) #>> '{organisation_website,after}' = NEW.website
                            OR resources_agreed(id) #>> '{organisation,after}' = NEW.name)) THEN
        PERFORM resources_refuse('site of the organisation');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER two_people_publish BEFORE UPDATE ON resources_organisation
    FOR EACH ROW EXECUTE FUNCTION resources_guard_organisation();
"""

GUARD_PROPOSALS = r"""
-- A place kept secret has no address and no point, in a proposal either.
ALTER TABLE resources_proposal ADD CONSTRAINT proposal_of_a_secret_place_has_no_address CHECK (NOT jsonb_path_exists(
    changes, '$.places.* ? (@.confidential == true && (@.address != "" || @.latitude != null || @.longitude != null))'));

CREATE FUNCTION resources_guard_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.approvals_needed := resources_approvals_needed(NEW.kind, NEW.changes, NEW.second_wanted);
    IF TG_OP = 'INSERT' THEN
        NEW.revision := 1;
        IF NEW.status <> 'open' THEN
            PERFORM resources_refuse('a proposal is open before it is decided');
        END IF;
        RETURN NEW;
    END IF;
    NEW.revision := OLD.revision + (OLD.status = 'open' AND NEW.changes IS DISTINCT FROM OLD.changes)::int;
    IF OLD.status <> 'open' AND NEW.status <> OLD.status THEN
        PERFORM resources_refuse('what was decided stays decided');
    END IF;
    IF NEW.author_id IS DISTINCT FROM OLD.author_id OR NEW.kind <> OLD.kind
       OR OLD.service_id IS NOT NULL AND NEW.service_id IS DISTINCT FROM OLD.service_id THEN
        PERFORM resources_refuse('who proposed, and about what, stays');
    END IF;
    IF OLD.status = 'open' AND NEW.status = 'applied'
       AND (NEW.revision <> OLD.revision OR resources_approvals(OLD.id) < OLD.approvals_needed) THEN
        PERFORM resources_refuse('proposal');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER two_people_publish BEFORE INSERT OR UPDATE ON resources_proposal
    FOR EACH ROW EXECUTE FUNCTION resources_guard_proposal();

CREATE FUNCTION resources_guard_vote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM resources_proposal AS proposal WHERE proposal.id = NEW.proposal_id
               AND (proposal.status <> 'open'
                    OR proposal.author_id = NEW.moderator_id AND NEW.verdict = 'approve'
                    OR resources_is_of_the_house(proposal.service_id, proposal.changes, NEW.moderator_id)))
       OR NOT EXISTS (SELECT 1 FROM accounts_user WHERE id = NEW.moderator_id AND is_active AND is_staff) THEN
        PERFORM resources_refuse('vote');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER two_people_publish BEFORE INSERT OR UPDATE ON resources_vote
    FOR EACH ROW EXECUTE FUNCTION resources_guard_vote();
"""

FORGET_ADDRESSES = r"""
-- A place that becomes secret leaves no address behind in history.
CREATE FUNCTION resources_forget_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE resources_placeevent SET address = '', latitude = NULL, longitude = NULL
    WHERE service_id = NEW.service_id AND (address <> '' OR latitude IS NOT NULL);
    UPDATE resources_proposal AS proposal SET changes = jsonb_set(changes, '{places}', (
        SELECT jsonb_object_agg(side.key, CASE WHEN jsonb_typeof(side.value) = 'array' THEN (
            SELECT coalesce(jsonb_agg(one || '{"address": "", "latitude": null, "longitude": null}'), '[]')
            FROM jsonb_array_elements(side.value) AS one) ELSE side.value END)
        FROM jsonb_each(changes -> 'places') AS side))
    WHERE service_id = NEW.service_id AND changes ? 'places'
      AND proposal.id IS DISTINCT FROM nullif(current_setting('eclaircie.proposal', true), '')::bigint;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_address AFTER INSERT OR UPDATE ON resources_place
    FOR EACH ROW WHEN (NEW.confidential) EXECUTE FUNCTION resources_forget_address();
"""


def begin_history(apps: Any, schema_editor: Any) -> None:
    """Rows that are older than history get a first event, so that there is something to come back to."""
    for name in ("Organisation", "Service", "Channel", "Place"):
        event = apps.get_model("resources", f"{name}Event")
        columns = [field.column for field in event._meta.concrete_fields if not field.column.startswith("pgh_")]
        listed = ", ".join(f'"{column}"' for column in columns)
        table = event._meta.get_field("pgh_obj").related_model._meta.db_table
        schema_editor.execute(
            f"INSERT INTO {event._meta.db_table} (pgh_created_at, pgh_label, pgh_obj_id, {listed})"
            f" SELECT now(), 'insert', id, {listed} FROM {table}"
        )


DROP = """
DROP TRIGGER forget_address ON resources_place;
DROP TRIGGER two_people_publish ON resources_vote;
DROP TRIGGER two_people_publish ON resources_proposal;
DROP TRIGGER two_people_publish ON resources_organisation;
DROP TRIGGER two_people_publish ON resources_place;
DROP TRIGGER two_people_publish ON resources_accesschannel;
DROP TRIGGER two_people_publish ON resources_service;
ALTER TABLE resources_proposal DROP CONSTRAINT proposal_of_a_secret_place_has_no_address;
DROP FUNCTION resources_forget_address, resources_guard_vote, resources_guard_proposal, resources_guard_organisation,
    resources_guard_place, resources_guard_channel, resources_guard_service, resources_refuse,
    resources_text_is_agreed, resources_place_is_agreed, resources_channel_is_agreed, resources_is_first_load,
    resources_agreed, resources_approvals, resources_approvals_needed, resources_texts_hold_a_contact,
    resources_holds_a_contact, resources_is_of_the_house;
"""


class Migration(migrations.Migration):
    """Functions, then the triggers that call them."""

    dependencies = [("resources", "0004_propose_and_remember"), ("accounts", "0003_count_attempts_together")]
    operations = [
        migrations.RunPython(begin_history, migrations.RunPython.noop),
        # Functions in the order of the file name each other; PostgreSQL would look for the later ones too early.
        migrations.RunSQL("SET LOCAL check_function_bodies = off;", migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTIONS + GUARD_SERVICE + GUARD_CONTACTS + GUARD_PROPOSALS + FORGET_ADDRESSES, DROP),
    ]
