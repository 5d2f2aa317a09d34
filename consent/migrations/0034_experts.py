"""Treatment of experts who were named for a consultation (docs/adr/0088); no row changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0033_audit_reports"),
    ]

    operations = [
        migrations.AddField(
            model_name="relationship",
            name="expert_source",
            field=models.BigIntegerField(null=True),
        ),
    ]
