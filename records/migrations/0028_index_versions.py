"""Two versions of the index in the same rows, so that an upgrade fills its own beside the site
(docs/adr/0043): which one a row carries, and how far the filling is.
"""

from django.db import migrations

FORWARD = """
ALTER TABLE record_resource ADD COLUMN index_version smallint NOT NULL DEFAULT 7;
ALTER TABLE record_index ADD COLUMN switching boolean NOT NULL DEFAULT false,
  ADD COLUMN filling integer, ADD COLUMN remaining bigint NOT NULL DEFAULT 0,
  ADD COLUMN contracted bigint;
COMMENT ON COLUMN record_resource.index_version IS
  'the newest version of the index whose entries the row carries';
COMMENT ON COLUMN record_index.version IS
  'every row carries the entries of this version: code of this version alone may serve';
COMMENT ON COLUMN record_index.switching IS
  'nobody serves: the last rows get their entries of the next version';
COMMENT ON COLUMN record_index.filling IS
  'the version whose entries are being made beside the site';
COMMENT ON COLUMN record_index.remaining IS 'rows that had none of them when the filling last told';
COMMENT ON COLUMN record_index.contracted IS
  'up to this rid rows carry no entries of older versions; NULL: none does';
"""
BACK = """
ALTER TABLE record_resource DROP COLUMN index_version;
ALTER TABLE record_index DROP COLUMN switching, DROP COLUMN filling,
  DROP COLUMN remaining, DROP COLUMN contracted;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0027_lost_subscriptions")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
