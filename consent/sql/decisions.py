"""What the app above asks of seals and of patients' decisions, in SQL."""

# index: consent_incidentseal, a few rows, none on most days
# registrations that the staff member %(scope_staff)s does not see
SEALED = (
    "ARRAY(SELECT unnest(covers) FROM consent_incidentseal WHERE lifted_at IS NULL AND NOT"
    " %(scope_staff)s = ANY(listed))"
)
ANY_SEAL = "EXISTS (SELECT FROM consent_incidentseal WHERE lifted_at IS NULL)"
STANDING = (
    "(SELECT id, person, covers FROM consent_directive WHERE withdrawn_at IS NULL AND (valid_until"
    " IS NULL OR valid_until > now()))"
)
