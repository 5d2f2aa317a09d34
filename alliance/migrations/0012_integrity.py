"""Whether a hospital's store enforces references, and whether its systems must name the version that they update."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alliance", "0011_demo_accounts")]

    operations = [
        migrations.AddField(
            "hospital",
            "enforces_references",
            models.BooleanField(
                default=True,
                verbose_name="References must lead to something",
                help_text="What is written refers only to what is there, and what is referred to is not deleted. Patients must be there in any case. "
                "Without it the store takes records in any order.",
            ),
        ),
        migrations.AddField(
            "hospital",
            "requires_version",
            models.BooleanField(
                default=False,
                verbose_name="Updates must name the version",
                help_text="Its systems send If-Match with each update, so that none of two overwrites what the other one wrote.",
            ),
        ),
    ]
