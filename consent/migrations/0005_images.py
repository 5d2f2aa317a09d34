"""Images of signed papers beside signatures on the screen; treatment by consultation."""

from django.db import migrations, models

BASES = [
    (b, b.title())
    for b in ("encounter", "referral", "consultation", "panel", "admission", "declared")
]


class Migration(migrations.Migration):
    dependencies = [("consent", "0004_fhir_consent")]
    operations = [
        migrations.RenameField("directive", "signature", "image"),
        migrations.AddField(
            "directive",
            "image_type",
            models.CharField(max_length=20, blank=True, default=""),
            preserve_default=False,
        ),
        migrations.RunSQL(
            "UPDATE consent_directive SET image_type = 'image/png' WHERE image IS NOT NULL",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            "relationship", "basis", models.CharField(max_length=12, choices=BASES)
        ),
    ]
