"""Treatment by a referral that was sent in the alliance itself (docs/adr/0086); no row changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0028_registration_history"),
    ]

    operations = [
        migrations.AlterField(
            model_name="relationship",
            name="basis",
            field=models.CharField(
                choices=[
                    ("encounter", "Encounter"),
                    ("referral", "Referral"),
                    ("consultation", "Consultation"),
                    ("transfer", "Transfer"),
                    ("panel", "Panel"),
                    ("admission", "Admission"),
                    ("declared", "Declared"),
                ],
                max_length=12,
            ),
        ),
    ]
