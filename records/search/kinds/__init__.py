"""KINDS: search kind -> its file; each has MODIFIERS, add() for the write side and condition()
for the read side.
"""

from records.search.kinds import date, near, quantity, reference, string, token, uri

KINDS = {
    "token": token,
    "string": string,
    "reference": reference,
    "date": date,
    "uri": uri,
    "quantity": quantity,
    "number": quantity,
    "special": near,
}
