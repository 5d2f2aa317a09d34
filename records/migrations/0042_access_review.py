"""Accesses of staff to patients as episodes, what explains them, and what auditors found
(docs/adr/0079).
"""

import django.db.models.deletion
from django.db import migrations, models

from records.migrations._encrypted_fields import EncryptedTextField

TABLES = """
CREATE TABLE record_access_position (
  one      boolean PRIMARY KEY DEFAULT true CHECK (one),
  xid      varchar(20) NOT NULL DEFAULT '0',      -- of the last line that was read
  line     bigint NOT NULL DEFAULT 0,
  run_at   timestamptz
);
INSERT INTO record_access_position DEFAULT VALUES;

CREATE TABLE record_access_episode (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  staff       bigint NOT NULL,
  hospital    integer NOT NULL,
  person      uuid NOT NULL,
  role        varchar(16) COLLATE "C" NOT NULL,
  first_at    timestamptz NOT NULL,
  last_at     timestamptz NOT NULL,
  first_line  bigint NOT NULL,
  opens       integer NOT NULL DEFAULT 0,
  finds       integer NOT NULL DEFAULT 0,
  prints      integer NOT NULL DEFAULT 0,
  task_line   bigint,                             -- where something was written for the patient
  launch_line bigint,                             -- where a system of the hospital opened it
  emergency   boolean NOT NULL DEFAULT false,
  stale       boolean NOT NULL DEFAULT true,      -- lines came since it was judged
  judged_at   timestamptz,
  template    varchar(24) COLLATE "C",
  evidence    varchar(200) NOT NULL DEFAULT '',
  own         boolean NOT NULL DEFAULT false,     -- the explanation is about this person of the staff
  waits       boolean NOT NULL DEFAULT false,     -- unexplained, or explained and yet conspicuous
  score       real NOT NULL DEFAULT 0,
  parts       jsonb NOT NULL DEFAULT '[]',
  CHECK (opens + finds > 0)
);
CREATE INDEX record_access_episode_pair ON record_access_episode (person, staff, first_at);
CREATE INDEX record_access_episode_stale ON record_access_episode (id) WHERE stale;
CREATE INDEX record_access_episode_waits ON record_access_episode (hospital, first_at)
  WHERE waits;
CREATE INDEX record_access_episode_staff ON record_access_episode (staff, first_at);
CREATE INDEX record_access_episode_first ON record_access_episode (first_at);

CREATE TABLE record_access_day (
  staff     bigint NOT NULL,
  hospital  integer NOT NULL,
  day       date NOT NULL,
  role      varchar(16) COLLATE "C" NOT NULL,
  episodes  integer NOT NULL,
  nights    integer NOT NULL,
  PRIMARY KEY (staff, hospital, day)
);
CREATE INDEX record_access_day_day ON record_access_day (day, hospital, role) INCLUDE (episodes);

CREATE TABLE record_access_staff_key (
  staff  bigint NOT NULL,
  kind   varchar(9) COLLATE "C" NOT NULL,
  key    bigint NOT NULL,
  PRIMARY KEY (staff, kind, key),
  CHECK (kind IN ('self', 'household'))
);

CREATE TABLE record_access_template (
  code      varchar(24) COLLATE "C" PRIMARY KEY,
  place     smallint NOT NULL,
  enabled   boolean NOT NULL DEFAULT true
);
INSERT INTO record_access_template (code, place) VALUES
  ('encounter', 1), ('author', 2), ('emergency', 3), ('task', 4), ('consent', 5),
  ('department', 6), ('referral', 7), ('launch', 8), ('hospital', 9), ('registered', 10),
  ('rule', 11), ('repeat', 12), ('colleague', 13);

CREATE TABLE record_access_weight (
  code    varchar(24) COLLATE "C" PRIMARY KEY,
  points  real NOT NULL
);
INSERT INTO record_access_weight (code, points) VALUES
  ('threshold', 5), ('household', 8), ('self', 6), ('colleague', 5), ('same_department', 2),
  ('surname', 3), ('sealed', 6), ('emergency', 6), ('night', 2), ('elsewhere', 2),
  ('search_only', 2), ('volume', 1), ('habit', 1), ('two_places', 4), ('new_address', 1),
  ('dormant', 3), ('sensitive', 2);

CREATE TABLE record_access_listed (
  episode    bigint PRIMARY KEY,
  hospital   integer NOT NULL,
  day        date NOT NULL,
  way        varchar(9) COLLATE "C" NOT NULL,
  place      smallint NOT NULL,
  score      real NOT NULL,
  listed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (way IN ('top', 'waiting', 'explained'))
);
CREATE INDEX record_access_listed_day ON record_access_listed (hospital, day, episode);

CREATE TABLE record_access_listing (
  hospital   integer NOT NULL,
  day        date NOT NULL,
  waited     integer NOT NULL,
  left_out   integer NOT NULL,
  PRIMARY KEY (hospital, day)
);

CREATE TABLE record_access_draw (
  hospital    integer NOT NULL,
  week        date NOT NULL,                      -- its Monday
  way         varchar(9) COLLATE "C" NOT NULL,
  seed        varchar(32) COLLATE "C" NOT NULL,
  population  integer NOT NULL,
  drawn       bigint[] NOT NULL,
  PRIMARY KEY (hospital, week, way)
);
"""
DOWN = """
DROP TABLE record_access_draw, record_access_listing, record_access_listed, record_access_weight,
  record_access_template, record_access_staff_key, record_access_day, record_access_episode,
  record_access_position
"""


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0022_enrolment"),
        ("records", "0041_letter_quota"),
    ]
    operations = [
        migrations.RunSQL(TABLES, DOWN),
        migrations.CreateModel(
            name="EpisodeOutcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("episode", models.BigIntegerField(db_index=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("missing", "Legitimate, data missing"),
                            ("unusual", "Legitimate, unusual"),
                            ("violation", "Violation"),
                            ("unclear", "Cannot tell"),
                        ],
                        max_length=10,
                    ),
                ),
                ("note", EncryptedTextField(max_length=2000)),
                ("at", models.DateTimeField()),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AccessRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("episode", models.BigIntegerField()),
                ("member", models.BigIntegerField(null=True)),
                ("role", models.CharField(max_length=16)),
                ("until", models.DateField()),
                ("reason", EncryptedTextField(max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("ended", "Ended"),
                        ],
                        default="proposed",
                        max_length=8,
                    ),
                ),
                ("proposed_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                *(
                    (
                        name,
                        models.ForeignKey(
                            db_index=False,
                            null=null,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=to,
                        ),
                    )
                    for name, to, null in (
                        ("hospital", "alliance.hospital", False),
                        ("department", "alliance.department", True),
                        ("proposed_by", "alliance.staff", False),
                        ("decided_by", "alliance.staff", True),
                        ("ended_by", "alliance.staff", True),
                    )
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["hospital", "state"], name="access_rule_state"),
                ],
            },
        ),
    ]
