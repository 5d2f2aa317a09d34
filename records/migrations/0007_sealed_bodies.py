"""Smaller rows and sealed bodies: types as numbers, one index for addresses, side tables without
what their indexes repeat, amounts in base units, data keys and dictionaries. What searches look at
is written anew by `setup` (index version 3).
"""

import hashlib

from django.db import migrations

# Resource types in the order of their numbers, as they were then; `setup` brings record_type_name
# to those of its release (records/store/maintenance/reindex_rows.py).
NAMES = [
    "Account",
    "AdverseEvent",
    "AllergyIntolerance",
    "Appointment",
    "AppointmentResponse",
    "AuditEvent",
    "Basic",
    "Binary",
    "BiologicallyDerivedProduct",
    "BodyStructure",
    "Bundle",
    "CapabilityStatement",
    "CarePlan",
    "CareTeam",
    "CatalogEntry",
    "ChargeItem",
    "ChargeItemDefinition",
    "Claim",
    "ClaimResponse",
    "ClinicalImpression",
    "CodeSystem",
    "Communication",
    "CommunicationRequest",
    "CompartmentDefinition",
    "Composition",
    "ConceptMap",
    "Condition",
    "Consent",
    "Contract",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "DetectedIssue",
    "Device",
    "DeviceDefinition",
    "DeviceMetric",
    "DeviceRequest",
    "DeviceUseStatement",
    "DiagnosticReport",
    "DocumentManifest",
    "DocumentReference",
    "Encounter",
    "Endpoint",
    "EnrollmentRequest",
    "EnrollmentResponse",
    "EpisodeOfCare",
    "EventDefinition",
    "ExampleScenario",
    "ExplanationOfBenefit",
    "FamilyMemberHistory",
    "Flag",
    "Goal",
    "GraphDefinition",
    "Group",
    "GuidanceResponse",
    "HealthcareService",
    "ImagingStudy",
    "Immunization",
    "ImmunizationEvaluation",
    "ImmunizationRecommendation",
    "ImplementationGuide",
    "InsurancePlan",
    "Invoice",
    "Library",
    "Linkage",
    "List",
    "Location",
    "Measure",
    "MeasureReport",
    "Media",
    "Medication",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationKnowledge",
    "MedicationRequest",
    "MedicationStatement",
    "MessageDefinition",
    "MessageHeader",
    "MolecularSequence",
    "NamingSystem",
    "NutritionOrder",
    "Observation",
    "ObservationDefinition",
    "OperationDefinition",
    "Organization",
    "OrganizationAffiliation",
    "Patient",
    "PaymentNotice",
    "PaymentReconciliation",
    "Person",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "Questionnaire",
    "QuestionnaireResponse",
    "RelatedPerson",
    "RequestGroup",
    "ResearchDefinition",
    "ResearchElementDefinition",
    "ResearchStudy",
    "ResearchSubject",
    "RiskAssessment",
    "Schedule",
    "SearchParameter",
    "ServiceRequest",
    "Slot",
    "Specimen",
    "SpecimenDefinition",
    "StructureMap",
    "Substance",
    "SupplyDelivery",
    "SupplyRequest",
    "Task",
    "TerminologyCapabilities",
    "TestReport",
    "TestScript",
    "ValueSet",
    "VerificationResult",
    "VisionPrescription",
    "Subscription",
]
ALL = ", ".join(f"'{name}'" for name in NAMES)
FORWARD = f"""
CREATE FUNCTION record_type_name(number smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (ARRAY[{ALL}]::text[])[number];
CREATE FUNCTION record_type_number(name text) RETURNS smallint LANGUAGE sql IMMUTABLE
  RETURN array_position(ARRAY[{ALL}]::text[], name)::smallint;
DROP INDEX record_resource_id, record_resource_named;
ALTER TABLE record_resource ALTER COLUMN type TYPE smallint USING record_type_number(type),
  ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE record_history ALTER COLUMN type TYPE smallint USING record_type_number(type),
  ALTER COLUMN body SET STORAGE EXTERNAL;
DROP FUNCTION record_type_number(text);
-- Every update moves a row, for it changes columns that are indexed: room in its page would stay
-- empty. Indexes ascend as rows arrive, and leave out the row number: what is equal is kept once,
-- and sorted when it is read.
ALTER TABLE record_resource SET (fillfactor = 100);
DROP INDEX record_resource_patient, record_resource_updated, record_resource_feed,
  record_history_feed, record_history_type;
CREATE INDEX record_resource_patient ON record_resource (patient, type, dated) WHERE NOT deleted;
-- A number, not a truth: of a comparison the planner knows how many rows fulfil it (the
-- statistics below), of a function it guesses a third.
CREATE FUNCTION record_long(low timestamptz, high timestamptz) RETURNS integer LANGUAGE sql
  IMMUTABLE PARALLEL SAFE RETURN (high > low + interval '24 hours')::integer;
CREATE INDEX record_resource_dated ON record_resource (hospital, type, dated) WHERE NOT deleted;
CREATE INDEX record_resource_long ON record_resource (hospital, type, dated_to)
  WHERE NOT deleted AND record_long(dated, dated_to) = 1;
CREATE STATISTICS record_resource_longs ON record_long(dated, dated_to) FROM record_resource;
CREATE INDEX record_resource_updated ON record_resource (hospital, type, last_updated)
  WHERE NOT deleted;
CREATE INDEX record_resource_feed ON record_resource (hospital, xid);
CREATE INDEX record_history_feed ON record_history (hospital, xid);
CREATE INDEX record_history_type ON record_history (hospital, type, last_updated);
DROP INDEX record_string_value, record_date_value, record_reference_target, record_reference_rid;
CREATE INDEX record_string_value ON record_string (parameter, value);
CREATE INDEX record_date_value ON record_date (parameter, low, high);
CREATE INDEX record_reference_target ON record_reference (parameter, target);
CREATE INDEX record_reference_rid ON record_reference (rid);
DROP TABLE record_quantity;
CREATE TABLE record_quantity (
  rid       bigint NOT NULL,
  parameter bigint NOT NULL,
  low       double precision NOT NULL,            -- as written; -infinity for "< 5"
  high      double precision,                     -- NULL for a point, the commonest
  base      double precision,                     -- low in base units, NULL where the unit has none
  base_to   double precision,
  -- hash of the dimension, or of system and code; 0 for a plain number
  unit      integer NOT NULL,
  code      integer NOT NULL,                     -- hash of the unit's code
  label     integer NOT NULL                      -- hash of the unit as written
);
CREATE INDEX record_quantity_value ON record_quantity (parameter, low);
CREATE INDEX record_quantity_range ON record_quantity (parameter, high) WHERE high IS NOT NULL;
CREATE INDEX record_quantity_base ON record_quantity (parameter, unit, base) WHERE base IS NOT NULL;
CREATE INDEX record_quantity_rid ON record_quantity (rid);
ALTER TABLE record_quantity SET (autovacuum_analyze_threshold = 500,
  autovacuum_analyze_scale_factor = 0.1);
CREATE TABLE record_key (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hospital   integer NOT NULL,
  -- nonce and AES-256-GCM ciphertext under the master key
  wrapped    bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz
);
CREATE INDEX record_key_hospital ON record_key (hospital, id);
CREATE TABLE record_vocabulary (
  parameter bigint NOT NULL,                      -- hash of type and parameter
  value     text COLLATE "C" NOT NULL,            -- a text of a code, folded
  hash      bigint NOT NULL,                      -- what the tokens of a resource hold for it
  PRIMARY KEY (parameter, value)
);
CREATE TABLE record_dictionary (
  version    smallint PRIMARY KEY CHECK (version >= 100),
  content    bytea NOT NULL,                      -- wrapped like a key: it holds pieces of records
  samples    integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
"""
# The index over addresses comes after the hashes are certain to be there: older deletions had none.
HASHED = "UPDATE record_resource SET named = %s WHERE rid = %s"


def named(text):  # type: ignore[no-untyped-def]
    """The hash of Type/id by which a reference and the resource that it names are joined, as it was
    then.
    """
    return int.from_bytes(
        hashlib.blake2b(f"resource\x1f{text}".encode(), digest_size=8).digest(), "big", signed=True
    )


def name_all(apps, schema_editor):  # type: ignore[no-untyped-def]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT rid, type, fhir_id FROM record_resource WHERE named = 0")
        cursor.executemany(
            HASHED, [(named(f"{NAMES[t - 1]}/{i}"), rid) for rid, t, i in cursor.fetchall()]
        )


class Migration(migrations.Migration):
    dependencies = [("records", "0006_statistics")]
    operations = [
        migrations.RunSQL(FORWARD),
        migrations.RunPython(name_all, migrations.RunPython.noop),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX record_resource_named ON record_resource (named, hospital)"
        ),
    ]
