"""What the app of access asks of work items, in SQL."""

# The latest end of the access that other referrals than %(item)s of the registration %(source)s
# give the hospital %(receiver)s, %(open)s while one is open; %(home)s: of the access that they give
# their sender. A consultation gives its experts access of their own.
# index: work_patient
OTHER_RIGHTS_END = """
  SELECT max(coalesce(i.rights_end, %(open)s)) FROM alliance_workitem i
  WHERE i.source_patient = %(source)s AND i.receiver_id = %(receiver)s AND i.id <> %(item)s
    AND (i.opened_home OR NOT %(home)s)
    AND i.kind LIKE 'referral-%%'
"""
