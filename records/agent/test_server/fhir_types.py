"""TABLE of FHIR types: what each needs, and which can say that it was entered in error. All that
this server knows of FHIR.
"""

from __future__ import annotations

# "!": its status, or verificationStatus, can be entered-in-error; [x]: one of several elements
TABLE = """
Account! status
AdverseEvent actuality subject
AllergyIntolerance! patient
Appointment! status participant
AppointmentResponse appointment participantStatus
AuditEvent type recorded agent source
Basic code
Binary contentType
BiologicallyDerivedProduct
BodyStructure patient
Bundle type
CapabilityStatement status date kind fhirVersion format
CarePlan! status intent subject
CareTeam!
CatalogEntry orderable referencedItem
ChargeItem! status code subject
ChargeItemDefinition url status
Claim! status type use patient created provider priority insurance
ClaimResponse! status type use patient created insurer outcome
ClinicalImpression! status subject
CodeSystem status content
Communication! status
CommunicationRequest! status
CompartmentDefinition url name status code search
Composition! status type date author title
ConceptMap status
Condition! subject
Consent! status scope category
Contract!
Coverage! status beneficiary payor
CoverageEligibilityRequest! status purpose patient created insurer
CoverageEligibilityResponse! status purpose patient created request outcome insurer
DetectedIssue! status
Device!
DeviceDefinition
DeviceMetric type category
DeviceRequest! intent code[x] subject
DeviceUseStatement! status subject device
DiagnosticReport! status code
DocumentManifest! status content
DocumentReference! status content
Encounter! status class
Endpoint! status connectionType payloadType address
EnrollmentRequest!
EnrollmentResponse!
EpisodeOfCare! status patient
EventDefinition status trigger
ExampleScenario status
ExplanationOfBenefit! status type use patient created insurer provider outcome insurance
FamilyMemberHistory! status patient relationship
Flag! status code subject
Goal lifecycleStatus description subject
GraphDefinition name status start
Group type actual
GuidanceResponse! module[x] status
HealthcareService
ImagingStudy! status subject
Immunization! status vaccineCode patient occurrence[x]
ImmunizationEvaluation! status patient targetDisease immunizationEvent doseStatus
ImmunizationRecommendation patient date recommendation
ImplementationGuide url name status packageId fhirVersion
InsurancePlan
Invoice! status
Library status type
Linkage item
List! status mode
Location
Measure status
MeasureReport status type measure period
Media! status content
Medication!
MedicationAdministration! status medication[x] subject effective[x]
MedicationDispense! status medication[x]
MedicationKnowledge!
MedicationRequest! status intent medication[x] subject
MedicationStatement! status medication[x] subject
MessageDefinition status date event[x]
MessageHeader event[x] source
MolecularSequence coordinateSystem
NamingSystem name status kind date uniqueId
NutritionOrder! status intent patient dateTime
Observation! status code
ObservationDefinition code
OperationDefinition name status kind code system type instance
Organization
OrganizationAffiliation
Patient
PaymentNotice! status created payment recipient amount
PaymentReconciliation! status created paymentDate paymentAmount
Person
Practitioner
PractitionerRole
Procedure! status subject
Provenance target recorded agent
Questionnaire status
QuestionnaireResponse! status
RelatedPerson patient
RequestGroup! status intent
ResearchDefinition status population
ResearchElementDefinition status type characteristic
ResearchStudy status
ResearchSubject status study individual
RiskAssessment! status subject
Schedule actor
SearchParameter url name status description code base type
ServiceRequest! status intent subject
Slot! schedule status start end
Specimen!
SpecimenDefinition
StructureMap url name status group
Subscription status reason criteria channel
Substance! code
SupplyDelivery!
SupplyRequest! item[x] quantity
Task! status intent
TerminologyCapabilities status date kind
TestReport! status testScript result
TestScript url name status
ValueSet status
VerificationResult status
VisionPrescription! status created patient dateWritten prescriber lensSpecification
"""
VERIFIED = {
    "Condition": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
    "AllergyIntolerance": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
}
NEEDED = {
    line.split()[0].rstrip("!"): tuple(line.split()[1:]) for line in TABLE.strip().splitlines()
}
HAS_ERROR = frozenset(
    line.split()[0][:-1] for line in TABLE.splitlines() if "!" in line.partition(" ")[0]
)
