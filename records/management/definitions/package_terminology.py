"""Expand the value sets of an unpacked FHIR package to lists of codes."""

from pathlib import Path

from records.management.definitions.package_files import Json, load_definitions


class Terminology:
    """Value sets that are finite lists of codes, expanded from the code systems of the package."""

    def __init__(self, folder: Path) -> None:
        self.systems = {c["url"]: c for c in load_definitions(folder, "CodeSystem") if "url" in c}
        self.sets = {v["url"]: v for v in load_definitions(folder, "ValueSet") if "url" in v}

    def codes(self, url: str) -> list[str] | None:
        """All codes of a value set, or None where it is open (mime types, languages, units)."""
        out: list[str] = []
        for part in self.sets.get(url, {}).get("compose", {}).get("include", []):
            if "filter" in part or "valueSet" in part:
                return None
            if "concept" in part:
                out += [c["code"] for c in part["concept"]]
                continue
            system = self.systems.get(part.get("system", ""))
            if not system or system.get("content") != "complete":
                return None
            out += self.walk(system.get("concept", []))
        return sorted(set(out)) or None

    def systems_of(self, url: str) -> list[str]:
        """The code systems that a value set takes from."""
        return sorted(
            {
                part["system"]
                for part in self.sets.get(url, {}).get("compose", {}).get("include", [])
                if "system" in part
            }
        )

    def walk(self, concepts: list[Json]) -> list[str]:
        return [code for c in concepts for code in [c["code"], *self.walk(c.get("concept", []))]]
