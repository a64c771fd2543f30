"""The national measures agree with the oracle on every id and place, whatever the engine."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from cmhs_metrics import mhsds
from tests.mhsds import national_oracle
from tests.mhsds.oracle_cells import Tables
from tests.support.extracts import FRAMES
from tests.support.national_extracts import (
    ICB_OF,
    MONTH,
    NICE,
    REFERENCE_SETS,
    arrow,
    for_the_oracle,
    together,
    world,
)

NUMBER = 40
Published = dict[tuple[str, str, str], float | None]


def extract_of(tables: Tables, engine: str) -> mhsds.Extract:
    make = FRAMES[engine]
    return mhsds.Extract(**{name: make(arrow(name, rows)) for name, rows in tables.items()})


@lru_cache(maxsize=8)
def worlds(version: str, number: int, first: int = 0) -> list[Tables]:
    """Worlds that share no person, provider or place, so that they can be laid together."""
    return [apart(world(seed, version), seed) for seed in range(first, first + number)]


OWN = {"OrgIDProv", "OrgIDSubICBLocGP", "OrgIDSubICBLocResidence", "UniqCareProfTeamLocalID", "UniqOtherCareProfTeamLocalID"}


def apart(tables: Tables, seed: int) -> Tables:
    return {
        name: [
            {key: f"{value}X{seed}" if key in OWN and value not in (None, "DFC") else value for key, value in row.items()}
            for row in rows
        ]
        for name, rows in tables.items()
    }


def icb_of(number: int) -> dict[str, str]:
    return {f"{place}X{seed}": f"{icb}X{seed}" for seed in range(number) for place, icb in ICB_OF.items()}


def expected_of(tables: Tables) -> Published:
    return national_oracle.published(
        for_the_oracle(tables), MONTH, icb_of=icb_of(NUMBER), reference_sets=REFERENCE_SETS, nice_concordant=NICE
    )


NOT_ADDED = {*national_oracle.PERCENTAGES, *(id for ids in national_oracle.PERCENTILES.values() for id in ids)}


def added(parts: list[Published]) -> Published:
    """The values of worlds apart as of one: counts add up, and what does not is compared at the places of each alone."""
    total: Published = {}
    shared = ("England", "UNKNOWN", "DFC")
    for part in parts:
        for (id, breakdown, place), value in part.items():
            if breakdown.startswith("England") or place in shared:
                if id not in NOT_ADDED:
                    key = (id, breakdown, place)
                    total[key] = (total.get(key) or 0) + (value or 0)
            else:
                total[id, breakdown, place] = value
    return total


def found_of(extract: mhsds.Extract, **choices: Any) -> dict[tuple[str, str, str], Any]:
    table = mhsds.published(
        extract, "2024-06", icb_of=icb_of(NUMBER), reference_sets=REFERENCE_SETS, nice_concordant=NICE, **choices
    )
    column = "published_value" if choices.get("suppress", True) else "value"
    found: dict[tuple[str, str, str], Any] = {}
    for row in table.to_dict("records"):
        code = row["secondary_level"] if ";" in row["breakdown"] else row["primary_level"]
        value = row[column]
        found[row["measure_id"], row["breakdown"], code] = None if value != value else value
    return found


def differences(expected: dict[Any, Any], found: dict[Any, Any]) -> list[str]:
    lines = []
    for key in sorted(expected.keys() | found.keys()):
        a, b = expected.get(key), found.get(key)
        if (a or 0) != pytest.approx(b or 0, abs=1e-9) if not isinstance(a or b, str) else a != b:
            lines.append(f"{key}: expected {a}, found {b}")
    return lines


def check(version: str, engine: str, number: int) -> None:
    parts = worlds(version, number)
    apart = [expected_of(part) for part in parts]
    expected = added(apart)
    found = found_of(extract_of(together(parts), engine), suppress=False)
    compared = {key: value for key, value in found.items() if key in expected or key[0] not in NOT_ADDED}
    lines = differences(expected, compared)
    if lines:
        pytest.fail("\n".join([f"{len(lines)} differ", *lines[:25]]))
    assert {key[0] for key in expected} <= {key[0] for key in found}


@pytest.mark.parametrize("version", ["v5", "v6"])
@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_agreement(engine: str, version: str) -> None:
    check(version, engine, NUMBER)


@pytest.mark.parametrize("engine", [name for name in FRAMES if name not in ("polars", "duckdb")])
def test_agreement_on_every_engine(engine: str) -> None:
    check("v6", engine, 4)
