"""Search kind special, of which R4 has one: Location.near=latitude|longitude|distance|unit (FHIR R4 location.html#positional)."""

import math
from typing import Any, NamedTuple

from records.fhir.hashes import hashed
from records.search.definitions import Parameter
from records.search.escapes import Value
from records.search.terms import BadValue, Condition, Index, Quantity

MODIFIERS = frozenset({""})
EARTH = 6371.0088  # km, mean radius (IUGG)
UNITS = {"km": 1.0, "m": 0.001, "[mi_i]": 1.609344, "mi": 1.609344}
USUAL = 50.0  # km, where no distance is asked for
DISTANCE = (f"2 * {EARTH} * asin(least(1, sqrt(sin(radians(a.low - {{1}}) / 2) ^ 2 + cos(radians({{1}})) * cos(radians(a.low)) "
            "* sin(radians(o.low - {2}) / 2) ^ 2))) <= {3}")


class Place(NamedTuple):
    """Degrees; distance: km."""

    latitude: float
    longitude: float
    distance: float


def add(index: Index, parameter: Parameter, value: Any) -> None:
    if located(value):
        for key in ("latitude", "longitude"):
            index.quantities.add(Quantity(hashed(parameter.type_name, parameter.code, key), float(value[key]), None, None, None, 0, 0, 0))


def located(value: Any) -> bool:
    """Whether a position says both, not only why it does not."""
    return isinstance(value, dict) and all(isinstance(value.get(k), int | float) for k in ("latitude", "longitude"))


def condition(parameter: Parameter, modifier: str, values: list[Value]) -> Condition:
    if len(values) != 1:
        raise BadValue("one place is asked for at a time")
    latitude, longitude, distance = place(values[0])
    band = math.degrees(distance / EARTH)
    inner = (f"SELECT a.rid FROM record_quantity a JOIN record_quantity o ON o.rid = a.rid AND o.parameter = {{0}} "
             f"WHERE a.parameter = {{4}} AND a.low BETWEEN {{5}} AND {{6}} AND {DISTANCE}")
    return Condition(f"{{r}}.rid IN ({inner})", (
        hashed(parameter.type_name, parameter.code, "longitude"), latitude, longitude, distance,
        hashed(parameter.type_name, parameter.code, "latitude"), latitude - band, latitude + band))


def place(text: Value) -> Place:
    """Raises BadValue."""
    parts = text.pieces
    try:
        latitude, longitude = float(parts[0]), float(parts[1])
        distance = float(parts[2]) if len(parts) > 2 and parts[2] else USUAL
        distance *= UNITS[parts[3]] if len(parts) > 3 and parts[3] else 1.0
    except (ValueError, IndexError, KeyError) as error:
        raise BadValue("a place is latitude|longitude|distance|unit, the unit km, m or [mi_i]") from error
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and 0 <= distance <= 40_000):
        raise BadValue("a latitude lies within 90, a longitude within 180 degrees, a distance within 40000 km")
    return Place(latitude, longitude, distance)


def away(position: dict[str, Any], there: Place) -> float:
    """km on the great circle."""
    north, east, north_there, east_there = map(math.radians, (position["latitude"], position["longitude"], there.latitude, there.longitude))
    half = math.sin((north - north_there) / 2) ** 2 + math.cos(north) * math.cos(north_there) * math.sin((east - east_there) / 2) ** 2
    return 2 * EARTH * math.asin(min(1.0, math.sqrt(half)))
