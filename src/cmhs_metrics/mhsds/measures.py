"""Measures of an extract: the table that `with_metrics`, `aggregate` and `benchmark` take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.admissions import admissions
from cmhs_metrics.mhsds.codes import CORE, Scope
from cmhs_metrics.mhsds.finish import finish
from cmhs_metrics.mhsds.groups import AGE_BANDS
from cmhs_metrics.mhsds.request import Request, read_request, refuse_broken_rules
from cmhs_metrics.mhsds.sums import sums_of_referrals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmhs_metrics.mhsds.extract import Extract, Frame


def measures(
    extract: Extract,
    period: Any,
    by: str | Sequence[str] = ("organisation", "team_type"),
    *,
    scope: Scope = CORE,
    access_scope: Scope | None = None,
    waiting_for: str = "second contact",
    pathway: str = "spell",
    caseload_of: str = "referrals",
    several_teams: str = "one",
    lapsed: str = "open",
    icb_of: Mapping[str, str] | None = None,
    icb_from: str = "residence",
    age_bands: Sequence[str] = AGE_BANDS,
    which: Sequence[str] | None = None,
    strict: bool = False,
) -> Any:
    """DOCSTRING."""
    choices = {
        "waiting_for": waiting_for, "pathway": pathway, "caseload_of": caseload_of, "several_teams": several_teams,
        "lapsed": lapsed,
    }  # fmt: skip
    request = read_request(
        extract, "measures", period, by, scope, access_scope, icb_of, icb_from, age_bands, which, choices
    )
    if strict:
        refuse_broken_rules(extract)
    parts = []
    if request.of_referrals:
        parts.append(sums_of_referrals(extract, request))
    if request.of_admissions:
        parts.append(admissions(extract, request.grouping, request.spans, request.of_admissions))
    table = _side_by_side(parts, request)
    table = table.filter(nw.sum_horizontal(*(nw.col(name) for name in request.which)) > 0)
    return finish(extract, table, request, request.which)


def _side_by_side(parts: Sequence[Frame], request: Request) -> Frame:
    """Measures of referrals and of admissions in one row a group, 0 where a group has none of one."""
    if len(parts) == 1:
        return parts[0]
    keys = [*request.grouping.keys, "span"]
    whole = []
    for part in parts:
        held = part.collect_schema().names()
        cells = [nw.col(name) if name in held else nw.lit(0) for name in request.which]
        whole.append(
            part.select(
                *request.grouping.keys,
                nw.col("span").cast(nw.Int64),
                *(cell.cast(nw.Int64).alias(name) for cell, name in zip(cells, request.which, strict=True)),
            )
        )
    return nw.concat(whole, how="vertical").group_by(*keys).agg(*(nw.col(name).sum() for name in request.which))
