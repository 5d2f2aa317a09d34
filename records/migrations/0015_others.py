"""Resources that name several patients, for what is counted beside a seal."""

from django.db import migrations

ADD = "CREATE INDEX record_resource_others ON record_resource (hospital) WHERE others IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("records", "0014_narrow_keys")]
    operations = [migrations.RunSQL(ADD, "DROP INDEX record_resource_others")]
