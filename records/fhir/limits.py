"""Limits of what one request may cost. Ordinary requests are far below; docs/how-to/limits.md says
them to senders, metadata too.
"""

JSON_VALUES = 2_000_000  # elements and members of all arrays and objects of a body
JUDGED_VALUES = (
    100_000  # the same of one resource that is not plainly valid, which fhir.resources must look at
)
ISSUES = 200  # told of one request
ISSUES_A_RESOURCE = 50
PARAMETERS = 1_000  # of one search
ALTERNATIVES = 50_000  # values of all parameters together
CHAINS = 20  # parameters that lead to other resources
JOINS = 400  # steps of all chains together; a reference to any type is one to each
# what the different GETs of a Bundle cost together: a search counts 1, an $everything, a history or
# a search of the base 5, a read nothing
READS = 500
CONDITIONS = (
    1_000  # different conditions of a transaction: of its entries, and in place of references
)
MATCHING = (
    30  # seconds that comparing the Patients of one body with those who look like them may take
)
READ_BYTES = 32 * 1024 * 1024  # of their answers


def describe_limits() -> str:
    """For the CapabilityStatement."""
    return (
        f"A body has at most {JSON_VALUES} JSON values (a resource that is not plainly valid"
        f" {JUDGED_VALUES}); a search at most {PARAMETERS} parameters, {ALTERNATIVES} values,"
        f" {CHAINS} chains and {JOINS} steps of chains; the GETs of a Bundle count {READS} together"
        " (a search 1, $everything, history and searches of the base 5) and are answered with"
        f" {READ_BYTES // 1048576} MiB; a transaction has at most {CONDITIONS} conditions and"
        f" conditional references; the Patients of one body are compared with others for {MATCHING}"
        " seconds. What is more is refused with 413 and too-costly or too-long: send it in parts."
    )
