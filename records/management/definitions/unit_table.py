"""Build the table of UCUM units with their factors to base units."""

import json
import re
from pathlib import Path

from records.management.definitions.package_files import Json

ARBITRARY = re.compile(
    r"\[(?:iU|IU|arb|USP|GPL|MPL|APL|beth|todd|dye|smgy|bdsk|ka'U|knk|mclg|tb'U|CCID|TCID|EID|PFU|FFU|CFU|BAU|AU|Amb|PNU|Lf|D'ag|FEU|ELU|EU|IR)[^\]]*\]"
)


def build_unit_table(folder: Path) -> Json:
    """{UCUM code: [factor, offset, dimension]} of the codes of the value set ucum-common that
    have a size: value * factor + offset is the value in base units. Needs the package ucumvert.
    Arbitrary units (UCUM 24) have a dimension of their own.
    """
    from ucumvert import PintUcumRegistry

    registry, out = PintUcumRegistry(), {}
    for code in sorted(
        {
            c["code"]
            for i in json.loads((folder / "ValueSet-ucum-common.json").read_text())["compose"][
                "include"
            ]
            for c in i["concept"]
        }
    ):
        try:
            unit = registry.from_ucum(code)
            if isinstance(unit, str):
                zero, one, dimension = 0.0, 1.0, ""
            else:
                zero, one = (
                    registry.Quantity(float(n), getattr(unit, "units", unit)).to_base_units()
                    for n in (0, 1)
                )
                zero, one, dimension = zero.magnitude, one.magnitude, str(one.units)
        except Exception:  # noqa: S112
            continue  # logarithmic and similar units have no factor: they are compared as written
        out[code] = [
            float(f"{one - zero:.12g}"),
            float(f"{zero:.12g}"),
            "+".join([dimension.replace("dimensionless", ""), *ARBITRARY.findall(code)]),
        ]
    return out
