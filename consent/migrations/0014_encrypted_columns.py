"""Reasons and findings of emergencies have room for their encrypted form; scans keep their column. `setup` encrypts the rows."""

from django.db import migrations

from consent.migrations._encrypted_fields import EncryptedBinaryField, EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [("consent", "0013_audit_refusals"), ("alliance", "0010_keys")]
    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '5s'", migrations.RunSQL.noop),
        migrations.AlterField(
            "emergency", "reason", EncryptedTextField(max_length=500, verbose_name="Reason")
        ),
        migrations.AlterField(
            "emergency",
            "comment",
            EncryptedTextField(blank=True, max_length=500, verbose_name="Comment"),
        ),
        migrations.AlterField("directive", "image", EncryptedBinaryField(null=True)),
    ]
