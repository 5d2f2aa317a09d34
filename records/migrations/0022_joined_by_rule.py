"""Who was joined by a rule lately, and which decisions have parted persons; built beside the
running site.
"""

from django.db import migrations, models

from records.migrations._build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("records", "0021_stranger_search")]

    operations = [
        BuildIndex(
            model_name="sourcepatient",
            index=models.Index(
                fields=["joined_at"],
                name="source_joined_by_rule",
                condition=models.Q(decided_by__startswith="rule/"),
            ),
        ),
        BuildIndex(
            model_name="decision",
            index=models.Index(
                fields=["at"],
                name="decision_parting",
                condition=models.Q(verb__in=["split", "undo", "rules"]),
            ),
        ),
    ]
