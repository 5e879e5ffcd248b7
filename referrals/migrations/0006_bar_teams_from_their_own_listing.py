"""A member of a partner's team works for its organisation: moderation hears of it from the database itself, without
knowing that referrals exist (docs/adr/0013-facts-bar-a-voice.md)."""

import django.db.models.deletion
from django.db import migrations, models

HOUSES = r"""
CREATE OR REPLACE FUNCTION resources_houses_of(person bigint)
RETURNS TABLE (organisation uuid, name text) LANGUAGE sql STABLE AS $$
    SELECT organisation.id, organisation.name::text
    FROM resources_affiliation AS affiliation
    JOIN resources_organisation AS organisation ON organisation.id = affiliation.organisation_id
    WHERE affiliation.user_id = person
%s$$;
"""
# The entry that the file of partners names, and any that is called like the partner.
TEAMS = r"""  UNION
    SELECT organisation.id, organisation.name::text
    FROM referrals_member AS member
    JOIN referrals_partner AS partner ON partner.id = member.partner_id
    JOIN resources_organisation AS organisation ON organisation.id = partner.organisation_id
    WHERE member.user_id = person AND member.left_on IS NULL
  UNION
    SELECT NULL, partner.name::text
    FROM referrals_member AS member
    JOIN referrals_partner AS partner ON partner.id = member.partner_id
    WHERE member.user_id = person AND member.left_on IS NULL
"""


class Migration(migrations.Migration):
    """The link, then the function that reads it."""

    dependencies = [("referrals", "0005_close_steps"), ("resources", "0006_ask_two_about_lines_and_shelters")]
    operations = [
        migrations.AddField(
            model_name="partner",
            name="organisation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="partners",
                to="resources.organisation",
            ),
        ),
        migrations.RunSQL(HOUSES % TEAMS, HOUSES % ""),
    ]
