"""What every web process counts together: wrong passwords, used codes. Unlogged: it may be lost in a crash, and stays
out of the write-ahead log and of backups."""

from django.db import migrations


class Migration(migrations.Migration):
    """The table that Django's database cache reads and writes."""

    dependencies = [
        ("accounts", "0002_open_accounts_by_invitation"),
    ]

    operations = [
        migrations.RunSQL(
            sql=[
                """CREATE UNLOGGED TABLE accounts_counter (
                       cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
                   )""",
                "CREATE INDEX accounts_counter_expires ON accounts_counter (expires)",
            ],
            reverse_sql="DROP TABLE accounts_counter",
        ),
    ]
