"""Makes FHIR resources of rows and rows of FHIR resources, by the tables of the column sets."""
