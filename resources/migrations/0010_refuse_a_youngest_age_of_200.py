"""The youngest age of a service is an age too: only the oldest had a limit."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("resources", "0009_read_contacts_as_they_are_shown"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="service",
            name="service_ages_are_human",
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("min_age__isnull", True), ("min_age__lte", 120), _connector="OR"),
                    models.Q(("max_age__isnull", True), ("max_age__lte", 120), _connector="OR"),
                ),
                name="service_ages_are_human",
            ),
        ),
    ]
