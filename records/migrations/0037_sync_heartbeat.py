"""How the agents of members are: a row a system, written anew each minute (docs/sync.md,
Heartbeat).
"""

from django.db import migrations

HEARTBEAT = """
CREATE TABLE record_sync_heartbeat (
  client    varchar(64) PRIMARY KEY,
  hospital  integer NOT NULL,
  version   varchar(40) NOT NULL,
  backlog   bigint NOT NULL,
  oldest    integer NOT NULL,                     -- seconds
  refused   jsonb NOT NULL,                       -- {source: count}
  clock     integer NOT NULL,                     -- seconds
  free      bigint NOT NULL,                      -- bytes
  disk_full boolean NOT NULL,
  at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX record_sync_heartbeat_hospital ON record_sync_heartbeat (hospital);
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0036_local_codes")]
    operations = [migrations.RunSQL(HEARTBEAT, "DROP TABLE record_sync_heartbeat")]
