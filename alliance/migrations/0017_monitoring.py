"""Samples of free disk, for the forecast; and what the roles of the site may know of the server beside their own sessions (alliance.operations)."""

from django.db import migrations, models

# The archiver replays nothing, and doctor's wall "backup" tells how far it is: it is no copy.
# What only a member of pg_monitor sees: numbers and the operators' own names of copies, no statement of anybody.
SQL = """
CREATE FUNCTION alliance_server_state(OUT sees boolean, OUT writer_seconds float8, OUT transaction_seconds float8, OUT data text, OUT standbys jsonb, OUT slots jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
SELECT pg_has_role(current_user, 'pg_monitor', 'USAGE'),
  (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - since)), 0) FROM (
    SELECT xact_start FROM pg_stat_activity WHERE backend_xid IS NOT NULL UNION ALL SELECT prepared FROM pg_prepared_xacts) w(since)),
  (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
  (SELECT setting FROM pg_settings WHERE name = 'data_directory'),
  (SELECT coalesce(jsonb_agg(jsonb_build_array(application_name, sync_state, coalesce(extract(epoch FROM replay_lag), 0), coalesce(pg_wal_lsn_diff(here, replay_lsn), 0))), '[]')
    FROM (SELECT * FROM pg_stat_replication WHERE state IN ('streaming', 'catchup') AND application_name NOT IN ('pg_receivewal', 'pg_basebackup') ORDER BY application_name LIMIT 16) r),
  (SELECT coalesce(jsonb_agg(jsonb_build_array(slot_name, active, coalesce(pg_wal_lsn_diff(here, restart_lsn), 0))), '[]')
    FROM (SELECT * FROM pg_replication_slots WHERE slot_name <> 'xinglin_archive' AND NOT temporary ORDER BY slot_name LIMIT 16) s)
FROM (SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_lsn() END) w(here)
$$;
REVOKE ALL ON FUNCTION alliance_server_state FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("alliance", "0016_backups")]
    operations = [
        migrations.CreateModel(
            "DiskSample",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "node", "place", "hour", primary_key=True, serialize=False
                    ),
                ),
                ("node", models.CharField(max_length=64)),
                ("place", models.CharField(max_length=12)),
                ("hour", models.DateTimeField()),
                ("free", models.BigIntegerField()),
                ("total", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(SQL, "DROP FUNCTION alliance_server_state"),
    ]
