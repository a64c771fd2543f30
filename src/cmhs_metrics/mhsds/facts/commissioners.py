"""Who commissions for a person: the sub-ICB of the GP practice where there is one, else that of residence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import Problem
from cmhs_metrics.mhsds.records.cleaning import text_cell
from cmhs_metrics.mhsds.records.latest import latest

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.records.extract import Extract, Frame

COMMISSIONER = "commissioner"
RESIDENCE = "OrgIDSubICBLocResidence"
PRACTICES_OF_NOBODY = ("V81997", "V81998", "V81999")
"""No registered practice, not known, not applicable."""
_PRACTICE = ("Person_ID", "UniqMonthID", "OrgIDSubICBLocGP")


def read_icbs(icb_of: Any, problems: list[Problem]) -> Any:
    """The user's ICB of each code, of which the codes are written as records are read; or as it is, if no mapping."""
    if not isinstance(icb_of, Mapping):
        return icb_of
    found: dict[str, str] = {}
    for given, icb in icb_of.items():
        code = text_cell(str(given))
        if code is None or text_cell(str(icb)) is None:
            continue
        if found.setdefault(code, str(icb)) != str(icb):
            problems.append(Problem("icb_of", None, given, f"one ICB of {code}: another key gives {found[code]}"))
    return found


def has_practices(extract: Extract) -> bool:
    """Whether the sub-ICBs of practices are told."""
    return extract.has("gp_registrations", *_PRACTICE)


def incomplete_practices(extract: Extract) -> list[Problem]:
    """Name what the table of practices has not: to pass it over would put everybody where they live."""
    if "gp_registrations" not in extract.tables:
        return []
    return extract.require(
        {"gp_registrations": _PRACTICE}, "sub-ICB of a GP practice; leave the table out for residence"
    )


def practices(extract: Extract) -> Frame:
    """The sub-ICB of each person's GP practice in each month, `practice`, of the latest record that has not ended.

    The record of the greatest RecordNumber, by its number where it is text; of several, that of the greatest code.
    """
    rows = extract.rows("gp_registrations", [*_PRACTICE, "RecordNumber", "GMPReg", "EndDateGMPRegistration"])
    held = rows.collect_schema().names()
    if "EndDateGMPRegistration" in held:
        rows = rows.filter(nw.col("EndDateGMPRegistration").is_null())
    if "GMPReg" in held:
        rows = rows.filter(~nw.col("GMPReg").fill_null("").is_in(list(PRACTICES_OF_NOBODY)))
    order = [name for name in ("RecordNumber", "OrgIDSubICBLocGP") if name in held]
    rows = latest(extract, rows, ["Person_ID", "UniqMonthID"], order)
    return rows.select("Person_ID", "UniqMonthID", nw.col("OrgIDSubICBLocGP").alias("practice"))


def with_commissioner(extract: Extract, rows: Frame) -> Frame:
    """Referrals with their `commissioner` in the month of their row, null where none is told."""
    if has_practices(extract):
        rows = rows.join(practices(extract), on=["Person_ID", "UniqMonthID"], how="left")
    held = [nw.col(name) for name in ("practice", RESIDENCE) if name in rows.collect_schema().names()]
    return rows.with_columns((nw.coalesce(*held) if len(held) > 1 else held[0]).alias(COMMISSIONER))
