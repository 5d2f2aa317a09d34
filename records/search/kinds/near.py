"""Search kind special, of which R4 has one: Location.near=latitude|longitude|distance|unit (FHIR
R4 location.html#positional).
"""

import math
from typing import Any, NamedTuple

from records.fhir.hashes import index_hash
from records.search.escapes import SearchValue
from records.search.search_parameters import SearchParameter
from records.search.search_terms import BadValue, IndexedQuantity, IndexValues, SearchCondition

MODIFIERS = frozenset({""})
EARTH = 6371.0088  # km, mean radius (IUGG)
UNITS = {"km": 1.0, "m": 0.001, "[mi_i]": 1.609344, "mi": 1.609344}
LIMITS = {"latitude": 90, "longitude": 180}  # degrees
USUAL_DISTANCE = 50.0  # km, where no distance is asked for
PRECISION = 9  # decimals of a degree: a tenth of a millimetre
# A value of any row, of whatever hospital, is looked at before it is counted with: PostgreSQL ends
# a statement whose numbers go out of range, at the small end as well.
LATITUDE, LONGITUDE = (f"round({x}.low::numeric, {PRECISION})::float8" for x in "ao")
DISTANCE = (
    "CASE WHEN abs(a.low) <= 90 AND abs(o.low) <= 180 THEN"
    f" 2 * {EARTH} * asin(least(1, sqrt(greatest(0, sin(radians({LATITUDE} - {{1}}) / 2) ^ 2 +"
    f" cos(radians({{1}})) * cos(radians({LATITUDE})) *"
    f" sin(radians({LONGITUDE} - {{2}}) / 2) ^ 2)))) <= {{3}} ELSE false END"
)


class SearchPlace(NamedTuple):
    """Degrees; distance: km."""

    latitude: float
    longitude: float
    distance: float


def index_value(index: IndexValues, parameter: SearchParameter, value: Any) -> None:
    if has_position(value):
        for key in ("latitude", "longitude"):
            index.quantities.add(
                IndexedQuantity(
                    index_hash(parameter.type_name, parameter.code, key),
                    float(value[key]),
                    None,
                    None,
                    None,
                    0,
                    0,
                    0,
                )
            )


def has_position(value: Any) -> bool:
    """Whether a position says both, not only why it does not, and lies on the Earth."""
    return isinstance(value, dict) and all(
        isinstance(value.get(k), int | float) and abs(value[k]) <= limit
        for k, limit in LIMITS.items()
    )


def build_condition(
    parameter: SearchParameter, modifier: str, values: list[SearchValue]
) -> SearchCondition:
    if len(values) != 1:
        raise BadValue("one place is asked for at a time")
    latitude, longitude, distance = parse_place(values[0])
    band = math.degrees(distance / EARTH)
    rows_sql = (
        "SELECT a.rid FROM record_quantity a JOIN record_quantity o ON o.rid = a.rid AND"
        " o.parameter = {0} WHERE a.parameter = {4} AND a.low BETWEEN {5} AND {6} AND"
        f" {DISTANCE}"
    )
    return SearchCondition(
        f"{{r}}.rid IN ({rows_sql})",
        (
            index_hash(parameter.type_name, parameter.code, "longitude"),
            latitude,
            longitude,
            distance,
            index_hash(parameter.type_name, parameter.code, "latitude"),
            max(latitude - band, -LIMITS["latitude"]),
            min(latitude + band, LIMITS["latitude"]),
        ),
    )


def parse_place(text: SearchValue) -> SearchPlace:
    """Raises BadValue."""
    parts = text.pieces
    try:
        latitude, longitude = float(parts[0]), float(parts[1])
        distance = float(parts[2]) if len(parts) > 2 and parts[2] else USUAL_DISTANCE
        distance *= UNITS[parts[3]] if len(parts) > 3 and parts[3] else 1.0
    except (ValueError, IndexError, KeyError) as error:
        raise BadValue(
            "a place is latitude|longitude|distance|unit, the unit km, m or [mi_i]"
        ) from error
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and 0 <= distance <= 40_000):
        raise BadValue(
            "a latitude lies within 90, a longitude within 180 degrees, a distance within 40000 km"
        )
    return SearchPlace(round(latitude, PRECISION), round(longitude, PRECISION), distance)


def distance_km(position: dict[str, Any], place: SearchPlace) -> float:
    """km on the great circle."""
    north, east, north_there, east_there = map(
        math.radians, (position["latitude"], position["longitude"], place.latitude, place.longitude)
    )
    half = (
        math.sin((north - north_there) / 2) ** 2
        + math.cos(north) * math.cos(north_there) * math.sin((east - east_there) / 2) ** 2
    )
    return 2 * EARTH * math.asin(min(1.0, math.sqrt(half)))
