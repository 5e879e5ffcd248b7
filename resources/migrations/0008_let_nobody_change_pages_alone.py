"""Pages that explain take two people, translations hold no contact of their own: the database itself refuses.

docs/adr/0014-pages-and-translations.md says why.
"""

from django.db import migrations

GUARD_PAGES = r"""
-- What allows a page to change: an open proposal about it, that the transaction names and that enough others agreed to.
CREATE FUNCTION resources_agreed_page(about bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT proposal.changes
    FROM resources_proposal AS proposal
    WHERE proposal.id = nullif(current_setting('eclaircie.proposal', true), '')::bigint
      AND proposal.page_id = about AND proposal.status = 'open'
      AND resources_approvals(proposal.id) >= proposal.approvals_needed
$$;

CREATE FUNCTION resources_guard_page() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE agreed jsonb;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF current_setting('eclaircie.first_load', true) IS DISTINCT FROM 'on' THEN
            PERFORM resources_refuse('page');
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR NEW.slug <> OLD.slug THEN
        PERFORM resources_refuse('page');
    END IF;
    agreed := coalesce(resources_agreed_page(NEW.id), '{}');
    IF NOT ((NEW.tab = OLD.tab OR NEW.tab IS NOT DISTINCT FROM agreed #>> '{tab,after}')
            AND (NEW.title = OLD.title OR NEW.title IS NOT DISTINCT FROM agreed #>> '{title,after}')
            AND (NEW.lead = OLD.lead OR NEW.lead IS NOT DISTINCT FROM agreed #>> '{lead,after}')
            AND (NEW.text = OLD.text OR NEW.text IS NOT DISTINCT FROM agreed #>> '{text,after}')) THEN
        PERFORM resources_refuse('page');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER two_people_publish BEFORE INSERT OR UPDATE OR DELETE ON resources_page
    FOR EACH ROW EXECUTE FUNCTION resources_guard_page();

-- Who amends agrees to their own words, so with one voice needed an amended proposal would be one person's.
CREATE FUNCTION resources_guard_proposal_of_a_page() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.page_id IS DISTINCT FROM OLD.page_id OR NEW.changes IS DISTINCT FROM OLD.changes THEN
        PERFORM resources_refuse('what is proposed for a page stays');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proposal_of_a_page_stays BEFORE UPDATE ON resources_proposal
    FOR EACH ROW WHEN (NEW.page_id IS NOT NULL OR OLD.page_id IS NOT NULL)
    EXECUTE FUNCTION resources_guard_proposal_of_a_page();
"""

GUARD_TRANSLATIONS = r"""
-- Numbers of three figures or more, addresses, targets of links and named services, each written in one way only. A
-- figure that is not ASCII is a token by itself, which no French text holds.
CREATE FUNCTION resources_contacts_in(said text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT token), '{}') FROM (
        SELECT regexp_replace(found[1], '[^0-9]', '', 'g') AS token
        FROM regexp_matches(said, '([0-9](?:(?:[-\u00a0\u202f ./()]{0,2}|,)[0-9]){2,})', 'g') AS found
        UNION ALL
        SELECT lower(found[1])
        FROM regexp_matches(said,
            '((?:[a-z]+://|www\.|tel:|sms:)[^\s)|}]+|[^\s(]+@[^\s)]+|[a-z0-9-]+\.(?:fr|com|org|net|eu|info)\M|\]\([^)]*\)|\{[a-z]+:[^|}]*|[٠-٩۰-۹])',
            'gi') AS found
    ) AS tokens
$$;

CREATE FUNCTION resources_guard_translation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE source text;
BEGIN
    IF NEW.page_id IS NOT NULL THEN
        SELECT to_jsonb(page) ->> NEW.field INTO source FROM resources_page AS page WHERE page.id = NEW.page_id;
    ELSE
        SELECT to_jsonb(service) ->> NEW.field INTO source
        FROM resources_service AS service WHERE service.id = NEW.service_id;
    END IF;
    IF source IS NULL OR NEW.source_digest <> md5(source) THEN
        RAISE EXCEPTION 'a translation is of the text as it is now'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'translation_is_of_the_text_now';
    END IF;
    IF NOT resources_contacts_in(NEW.text) <@ resources_contacts_in(source) THEN
        RAISE EXCEPTION 'a translation holds no contact of its own'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'translation_holds_no_contact_of_its_own';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_contact_of_its_own BEFORE INSERT OR UPDATE ON resources_translation
    FOR EACH ROW EXECUTE FUNCTION resources_guard_translation();
"""

DROP = """
DROP TRIGGER no_contact_of_its_own ON resources_translation;
DROP TRIGGER proposal_of_a_page_stays ON resources_proposal;
DROP TRIGGER two_people_publish ON resources_page;
DROP FUNCTION resources_guard_translation, resources_contacts_in, resources_guard_proposal_of_a_page,
    resources_guard_page, resources_agreed_page;
"""


class Migration(migrations.Migration):
    """Functions, then the triggers that call them."""

    dependencies = [("resources", "0007_explain_and_translate")]
    operations = [
        migrations.RunSQL("SET LOCAL check_function_bodies = off;", migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_PAGES + GUARD_TRANSLATIONS, DROP),
    ]
