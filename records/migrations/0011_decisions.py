import django.db.models.deletion
from django.db import migrations, models

# A registration that was moved keeps the person that it had first as its home, where its history
# tells; what was decided stays decided; what was said of a person is found by their registrations'
# homes, and a denial covers those that they have now.
HOMES = """
UPDATE records_sourcepatient s SET home = person_id
  FROM (SELECT person_id AS p, min(id) AS id FROM records_sourcepatient GROUP BY 1) f
  WHERE f.id = s.id;
UPDATE records_sourcepatient s SET home = gen_random_uuid() WHERE home IS NULL;
INSERT INTO records_person (id, created_at) SELECT home, now() FROM records_sourcepatient
  ON CONFLICT DO NOTHING;
"""
KEPT = """
WITH moved AS (
  SELECT s.id, f.first, s.decided_by, coalesce(e.at, s.updated_at) AS at,
    coalesce(e.reasons, '[]'::jsonb) AS reasons, nextval('records_decision_id_seq') AS decision,
    e.before, s.person_id
  FROM records_sourcepatient s JOIN (SELECT person_id, min(id) AS first FROM records_sourcepatient
      GROUP BY 1 HAVING count(*) > 1) f ON f.person_id = s.person_id AND f.first <> s.id
  LEFT JOIN LATERAL (SELECT at, reasons, before FROM records_linkevent e WHERE e.source_id = s.id
      ORDER BY e.id DESC LIMIT 1) e ON true
), decision AS (
  INSERT INTO records_decision (id, verb, by, reasons, note, at, moved, told)
    SELECT decision, 'link', coalesce(nullif(decided_by, ''), 'rule/resident-number-1'), reasons,
    '', at,
    jsonb_build_array(jsonb_build_array(id, coalesce(before, person_id), person_id)), true
      FROM moved
)
INSERT INTO records_claim (decision_id, kind, one_id, two_id) SELECT decision, 'same', first, id
  FROM moved;
WITH parted AS (
  SELECT id, one_id, two_id, coalesce(decided_at, opened_at) AS at,
    coalesce('staff/' || decided_by_id, 'rule/resident-number-1') AS by,
    nextval('records_decision_id_seq') AS decision
  FROM records_review WHERE state = 'different'
), decision AS (
  INSERT INTO records_decision (id, verb, by, reasons, note, at, moved, told)
    SELECT decision, 'different', by, '["human"]', '', at, '[]', true FROM parted
), closed AS (
  UPDATE records_review r SET decision_id = p.decision FROM parted p WHERE p.id = r.id
)
INSERT INTO records_claim (decision_id, kind, one_id, two_id)
  SELECT decision, 'different', one_id, two_id FROM parted;
UPDATE consent_directive d SET covers = s.ids
  FROM (SELECT person_id, array_agg(id ORDER BY id) AS ids FROM records_sourcepatient GROUP BY 1) s
  WHERE s.person_id = d.person;
UPDATE consent_relationship r SET person = s.home FROM records_sourcepatient s
  WHERE s.id = r.source_patient AND r.basis = 'encounter';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0010_match_keys"),
        ("consent", "0003_covered_registrations"),
        ("alliance", "0002_client_keys"),
    ]

    operations = [
        migrations.AddField("sourcepatient", "home", models.UUIDField(null=True)),
        migrations.AddField("sourcepatient", "confirmed", models.BooleanField(default=False)),
        migrations.AddField("sourcepatient", "correction", models.BinaryField(null=True)),
        migrations.AddField("namekey", "former", models.BooleanField(default=False)),
        migrations.RunSQL(HOMES, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("link", "Link"),
                            ("merge", "Merge"),
                            ("split", "Split"),
                            ("different", "Different"),
                            ("identify", "Identify"),
                            ("confirm", "Confirm"),
                            ("correct", "Correct"),
                            ("rules", "Rules"),
                            ("undo", "Undo"),
                        ],
                        max_length=9,
                    ),
                ),
                ("by", models.CharField(max_length=40)),
                ("reasons", models.JSONField(default=list)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("moved", models.JSONField(default=list)),
                ("told", models.BooleanField(default=True)),
                (
                    "undoes",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.decision",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.decision",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["undoes"],
                        condition=models.Q(undoes__isnull=False),
                        name="decision_undoing",
                    ),
                    models.Index(
                        fields=["id"], condition=models.Q(told=False), name="decision_untold"
                    ),
                ]
            },
        ),
        # For the feed: in the order of transactions, of which only those count that nothing older
        # can still slip in before (docs/adr/0005).
        migrations.RunSQL(
            "ALTER TABLE records_decision ADD xid xid8 NOT NULL"
            " DEFAULT pg_current_xact_id();"
            " CREATE INDEX decision_feed ON records_decision (xid, id)",
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("same", "Same"),
                            ("different", "Different"),
                            ("apart", "Apart"),
                            ("confirmed", "Confirmed"),
                            ("number", "Number"),
                        ],
                        max_length=9,
                    ),
                ),
                ("value", models.BinaryField(null=True)),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="records.decision",
                    ),
                ),
                (
                    "one",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.sourcepatient",
                    ),
                ),
                (
                    "two",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.sourcepatient",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("two", None), ("one__lt", models.F("two")), _connector="OR"
                        ),
                        name="claim_in_order",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="MatchModel",
            fields=[
                ("version", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("model", models.JSONField()),
                ("since", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.AddField(
            "review",
            "decision",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="records.decision",
            ),
        ),
        migrations.AddField("review", "round", models.SmallIntegerField(default=0)),
        migrations.AddField("review", "risk", models.SmallIntegerField(default=0)),
        migrations.AddField(
            "review",
            "verb",
            models.CharField(
                choices=[
                    ("link", "Link"),
                    ("merge", "Merge"),
                    ("split", "Split"),
                    ("different", "Different"),
                    ("identify", "Identify"),
                    ("confirm", "Confirm"),
                    ("correct", "Correct"),
                    ("rules", "Rules"),
                    ("undo", "Undo"),
                ],
                default="link",
                max_length=9,
            ),
        ),
        migrations.AddField(
            "review",
            "taken_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.staff",
            ),
        ),
        migrations.AddField("review", "taken_until", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="Opinion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("same", models.BooleanField()),
                ("note", models.CharField(blank=True, max_length=200)),
                ("round", models.SmallIntegerField(default=0)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="opinions",
                        to="records.review",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("review", "staff", "round"), name="one_opinion_each"
                    )
                ]
            },
        ),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(
            "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", migrations.RunSQL.noop
        ),
        migrations.AlterField("sourcepatient", "home", models.UUIDField(unique=True)),
        migrations.RemoveField("review", "decided_at"),
        migrations.RemoveField("review", "decided_by"),
        migrations.DeleteModel("LinkEvent"),
    ]
