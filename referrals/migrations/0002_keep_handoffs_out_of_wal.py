"""Handoffs are never written to WAL, so that no backup holds them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("referrals", "0001_keep_only_sealed_referrals")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE referrals_handoff SET UNLOGGED", "ALTER TABLE referrals_handoff SET LOGGED", elidable=False
        ),
    ]
