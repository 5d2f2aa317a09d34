"""List the addresses below a FHIR base with what each verb does there, as the site's URLconf has
them (records/api/urls.py): whoever tells what is served asks here and keeps no table.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from records.fhir.resource_types import TYPES
from records.requests.interaction import EVERY_TYPE, THE_BASE, Interaction, Operation

NAMESPACE = "fhir"  # app_name of the URLconf
SHARED_TYPES = tuple(n for n, t in TYPES.items() if n == "Patient" or t.subject_params)


@dataclass(frozen=True, slots=True)
class ServedRoute:
    """path: below the base, as the URLconf says it."""

    name: str
    path: str
    interactions: Mapping[str, Interaction]  # by method
    operation: Operation | None
    view: Any

    @property
    def needs_token(self) -> bool:
        return bool(self.view.needs_token)

    @property
    def type_name(self) -> str:
        """The type of which it is, EVERY_TYPE, or THE_BASE for none."""
        first = self.path.partition("/")[0]
        if first == "<type:type_name>":
            return EVERY_TYPE
        return first if first[:1].isupper() else THE_BASE

    @property
    def template(self) -> str:
        """The path with its variables in braces (RFC 6570)."""
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", self.path)


@lru_cache(maxsize=1)
def list_routes() -> tuple[ServedRoute, ...]:
    """Those with a declaration; what is left over has none (OtherAddressView)."""
    return tuple(
        ServedRoute(
            str(p.name), str(p.pattern), view.interactions, getattr(view, "operation", None), view
        )
        for p in list_fhir_patterns(get_resolver().url_patterns)
        if (view := p.callback.view_class).interactions
    )


def list_fhir_patterns(patterns: Iterable[URLPattern | URLResolver]) -> list[URLPattern]:
    [found] = [p for p in patterns if isinstance(p, URLResolver) and p.app_name == NAMESPACE]
    return [p for p in found.url_patterns if isinstance(p, URLPattern)]


def list_interaction_names(type_name: str, *, shared: bool) -> set[str]:
    """What FHIR calls what is served for a type that has no routes of its own, or for THE_BASE."""
    return {
        name
        for route in list_routes()
        if route.operation is None and route.type_name == (EVERY_TYPE if type_name else THE_BASE)
        for i in route.interactions.values()
        if not shared or is_at_shared_base(i, type_name)
        for name in (i.name, *i.also)
    }


def is_at_shared_base(interaction: Interaction, type_name: str) -> bool:
    return type_name in interaction.at_shared_base or (
        EVERY_TYPE in interaction.at_shared_base and type_name in SHARED_TYPES
    )


def list_operations(type_name: str, *, shared: bool) -> list[Operation]:
    """Of a type, or of THE_BASE, each once."""
    asked = (type_name, EVERY_TYPE) if type_name else (THE_BASE,)
    return list(
        dict.fromkeys(
            r.operation
            for r in list_routes()
            if r.operation
            and r.type_name in asked
            and (r.operation.at_shared_base if shared else r.operation.at_own_base)
        )
    )


def list_metric_names() -> set[str]:
    """All that a metric or a log line calls an interaction."""
    return {i.name for route in list_routes() for i in route.interactions.values()}
