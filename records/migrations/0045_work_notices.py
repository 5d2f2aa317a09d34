"""What Subscriptions have still to be told of work between hospitals (docs/adr/0090)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0044_signing_key"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkTopicNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("item_id", models.BigIntegerField()),
                ("version", models.IntegerField()),
                ("state", models.CharField(max_length=20)),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
