"""The HL7 validator, where `make validator` has put it: the engine from Maven Central,
definitions from npm (README.md).
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".validator"
OWN = ROOT / "records/fhir/published"
PACKAGES = ("hl7.terminology.r4-7.0.1.tgz", "hl7.fhir.uv.ips-2.0.0.tgz")


def missing() -> str:
    """Why it cannot be run, or ""."""
    if shutil.which("java") is None:
        return "Java is not installed (tests/conformance/README.md)"
    if not any(HOME.glob("lib/hapi-fhir-validation-*.jar")) or any(
        not (HOME / "packages" / p).exists() for p in PACKAGES
    ):
        return (
            f"the HL7 validator is not in {HOME.name}: make validator brings it"
            " (tests/conformance/README.md)"
        )
    return ""


def run(resources: dict[str, Any], folder: Path) -> dict[str, list[str]]:
    """Its errors, by name of the resource. folder: an empty one, for the resources."""
    for name, resource in resources.items():
        (folder / f"{name}.json").write_text(json.dumps(resource, ensure_ascii=False))
    path = os.pathsep.join([f"{HOME / 'lib'}/*", str(HOME / "packages")])
    command = [
        "java",
        "-cp",
        path,
        str(Path(__file__).with_name("Validate.java")),
        str(folder),
        str(OWN),
        *PACKAGES,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"{len(resources)} resources" in done.stderr, done.stderr[-2000:]
    out: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        file, *says = line.split("\t")
        out.setdefault(file.removesuffix(".json"), []).append(" ".join(says))
    return out
