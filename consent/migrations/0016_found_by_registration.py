"""Decisions, and refused ties, are found by each registration that they were about, not by the oldest one's home alone; built beside the running site."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("consent", "0015_where_it_was_said")]
    operations = [
        AddIndexConcurrently(
            "directive",
            django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["covers"], name="directive_covered"
            ),
        ),
        RemoveIndexConcurrently("directive", "directive_covers"),
        AddIndexConcurrently(
            "confirmation",
            django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("subject", "tie"), ("verdict", "refused")),
                fastupdate=False,
                fields=["covers"],
                name="confirmation_refused",
            ),
        ),
    ]
