"""How many people had how many of something: what intervals of events that are not independent stand on."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.counting.finish import finish
from cmhs_metrics.mhsds.counting.groups import AGE_BANDS, Grouping
from cmhs_metrics.mhsds.counting.request import read_request, refuse_broken_rules
from cmhs_metrics.mhsds.counting.sums import sums_of_referrals
from cmhs_metrics.mhsds.facts.admissions import admissions
from cmhs_metrics.mhsds.records.codes import CORE, Scope
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


PERSON = "Person_ID"


@dataclass(frozen=True)
class _ByPerson(Grouping):
    """A grouping, and within each group its people."""

    @property
    def keys(self) -> list[str]:
        return [*super().keys, PERSON]

    def columns(self, team: nw.Expr | None = None, organisation: str = "OrgIDProv") -> list[nw.Expr]:
        grouping = Grouping(*(getattr(self, each.name) for each in fields(Grouping)))
        return [*grouping.columns(team, organisation), nw.col(PERSON)]


@checked
def event_frequencies(
    extract: ExtractLike,
    period: Any,
    by: str | Sequence[str] = "organisation",
    *,
    which: str | Sequence[str] = ("contacts",),
    scope: Scope = CORE,
    lapsed: str = "closed",
    icb_of: Mapping[str, str] | None = None,
    icb_from: str = "residence",
    age_bands: Sequence[str] = AGE_BANDS,
    direct_before_v5: str = "publication",
    strict: bool = False,
) -> Any:
    """How many people of each group had one contact, two, three and so on in a period.

    Parameters
    ----------
    extract, period, by, scope, lapsed, icb_of, icb_from, age_bands, direct_before_v5, strict
        As in `measures`.
    which : str or sequence of str, default "contacts"
        The measures whose events are counted: "contacts", "face_to_face_contacts", "did_not_attends", "referrals",
        "discharges", "admissions" and the others of `measures` that add.

    Returns
    -------
    frame of the extract's engine
        A row for each group, measure and number of events that anybody had: the columns of `by`, `measure`,
        `events` [count of each person], `period` and `people` [person]. `benchmark(frequencies=…)` and
        `intervals.event_totals` take it.

    Raises
    ------
    BadInput
        When an argument is not in order, or a table or column is missing.

    Notes
    -----
    Versions 4, 5 and 6. Over people, events add up to what `measures` gives for the group. Who is in several groups is
    one person in each, so that groups of a finer table do not add up to those of a coarser one.

    References
    ----------
    As for `measures`.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> mhsds.event_frequencies(mhsds.example(), "2024/25", which=["contacts", "referrals"])
      organisation    measure  events   period  people
    0          RX1   contacts       1  2024/25       1
    1          RX1   contacts       2  2024/25       1
    2          RX1  referrals       1  2024/25       2
    3          RX1  referrals       2  2024/25       1
    """
    choices = {"lapsed": lapsed, "direct_before_v5": direct_before_v5}
    extract = as_extract(extract)
    request = read_request(
        extract, "event_frequencies", period, by, scope, None, icb_of, icb_from, age_bands, which, choices
    )
    if strict:
        refuse_broken_rules(extract)
    plain = request
    grouping = _ByPerson(*(getattr(request.grouping, each.name) for each in fields(Grouping)))
    request = replace(request, grouping=grouping)
    parts = []
    if request.of_referrals:
        parts.append((sums_of_referrals(extract, request), request.of_referrals))
    if request.of_admissions:
        found = admissions(extract, request.grouping, request.spans, request.of_admissions, before_v5=request.before_v5)
        parts.append((found, request.of_admissions))
    keys = plain.grouping.keys
    rows = [
        part.filter(nw.col(name) > 0).select(
            *keys,
            nw.col("span").cast(nw.Int64),
            PERSON,
            nw.lit(name).alias("measure"),
            nw.col(name).cast(nw.Int64).alias("events"),
        )
        for part, names in parts
        for name in names
    ]
    people = (nw.concat(rows, how="vertical") if len(rows) > 1 else rows[0]).with_columns(nw.lit(1).alias("people"))
    table = people.group_by(*keys, "span", "measure", "events").agg(nw.col("people").sum())
    table = table.with_columns(nw.col("people").cast(nw.Int64))
    return finish(extract, table, plain, ["people"], ["measure", "events"])
