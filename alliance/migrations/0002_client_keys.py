"""Clients that prove themselves with a key of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alliance", "0001_initial")]
    operations = [migrations.AddField("client", "jwks", models.JSONField(null=True))]
