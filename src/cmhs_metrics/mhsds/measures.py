"""Measures of an extract: the table that `with_metrics`, `aggregate` and `benchmark` take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.counting.finish import finish
from cmhs_metrics.mhsds.counting.groups import AGE_BANDS
from cmhs_metrics.mhsds.counting.request import Request, read_request, refuse_broken_rules
from cmhs_metrics.mhsds.counting.sums import sums_of_referrals
from cmhs_metrics.mhsds.facts.admissions import admissions
from cmhs_metrics.mhsds.records.codes import CORE, LEFT_OUT_OF_SPELLS, Scope
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmhs_metrics.mhsds.records.extract import Frame


@checked
def measures(
    extract: ExtractLike,
    period: Any,
    by: str | Sequence[str] = ("organisation", "team_type"),
    *,
    scope: Scope = CORE,
    access_scope: Scope | None = None,
    waiting_for: str = "second contact",
    pathway: str = "spell",
    caseload_of: str = "referrals",
    several_teams: str = "one",
    lapsed: str = "closed",
    icb_of: Mapping[str, str] | None = None,
    icb_from: str = "residence",
    age_bands: Sequence[str] = AGE_BANDS,
    spells_from: Any = "2016-01-01",
    grace: int = 5,
    providers_left_out: Sequence[str] = LEFT_OUT_OF_SPELLS,
    direct_before_v5: str = "publication",
    resubmitted: str = "once",
    which: Sequence[str] | None = None,
    strict: bool = False,
) -> Any:
    """Measures of an extract by provider, team type or other groups, as `with_metrics` and `benchmark` take them.

    Parameters
    ----------
    extract : Extract or mapping of str to frame
        The extract, or its tables as `Extract.of` takes them.
    period : str or pair
        A financial year as "2024/25", a quarter as "2023/24 Q4", a month as "2024-03", or the first and the last day as
        dates or ISO text.
    by : str or sequence of str, default ("organisation", "team_type")
        Any of "organisation" (OrgIDProv), "team_type" (the audit's type), "team_type_code" (the data set's), "icb",
        "sub_icb" (the commissioner's), "age_band" (age when referred), "sex", "ethnic_group" and "month" (a row for
        each month of the period).
    scope : Scope, default CORE
        Which referrals count; `ALL` for every one that no hospital spell is linked to.
    access_scope : Scope, optional
        Which referrals count as access: by default `ACCESS` for periods that end on 30 April 2023 or later, else
        `CORE`.
    waiting_for : {"second contact", "first contact"}, default "second contact"
        What ends a wait.
    pathway : {"spell", "referral"}, default "spell"
        Whether waits are of referral-spells or of referrals.
    caseload_of : {"referrals", "people"}, default "referrals"
        What the caseload counts: referrals add over groups; distinct people do not.
    several_teams : {"one", "each"}, default "one"
        A referral of several team types counts in one of them, or in each; then teams do not add up to their total.
    lapsed : {"closed", "open"}, default "closed"
        What becomes of a referral that is open and was last submitted before the extract's last month: it ends with its
        last submitted month, or stays open.
    icb_of : mapping of str to str, optional
        The ICB's code of each local authority, provider or sub-ICB; "icb" in `by` needs it. Who is not in it is
        "not known".
    icb_from : {"residence", "provider", "commissioner"}, default "residence"
        Which of them: LADistrictAuth, OrgIDProv, or the sub-ICB of the GP practice and else of residence, as in the
        published rows of ICBs.
    age_bands : sequence of str, default ("0-17", "18-64", "65+")
        For "age_band".
    spells_from : date or str, default "2016-01-01"
        Referral-spells that started before are left out; None for all.
    grace : int, default 5
        How many days after its end a referral-spell still counts as open [day].
    providers_left_out : sequence of str, default ("DFC", "S9X2N")
        Providers whose referral-spells are left out of the waits: they send other data.
    direct_before_v5 : {"publication", "dashboard"}, default "publication"
        Which attended contacts are direct before version 5: all but e-mail and text, as the monthly publication has it,
        or face to face, telephone, video and talk type, as the national dashboard.
    resubmitted : {"once", "each"}, default "once"
        Whether a contact that was submitted in several months counts once, by its latest row, or in each of them, as
        the code of the national waits and of access has it. Admissions look at each contact once.
    which : sequence of str, optional
        The measures wanted; only what they need is read and computed. By default all whose tables there are.
    strict : bool, default False
        Refuse an extract that breaks a rule of `quality`; for lazy tables this runs one query.

    Returns
    -------
    frame of the extract's engine
        A row for each group that has anything of these: the columns of `by`, `period` (the financial year, or the last
        day of the period or month), and

        - `referrals` [referral], received in the period; `referrals_rejected` of them, and `referrals_accepted`;
        - `referrals_closed` [referral] in the period, discharged or rejected, and `discharges` [discharge];
        - `open_referrals` [referral] and `caseload` [patient] at its end: open, and open with a direct contact;
        - `contacts` (direct), `face_to_face_contacts`, `did_not_attends` [contact] in the period;
        - `waits_completed` and `waits_within_four_weeks` [referral] in the period; `waiting` at its end, and
          `waiting_over_18_weeks`, `_52_`, `_78_`, `_104_`;
        - `people_accessing` [patient]: people with a referral that has two or more direct contacts in the twelve months
          to the end;
        - `admissions` and `admissions_without_prior_contact` [admission], unless by team type.

        0 where a group has none of something. A measure whose tables are missing is not there.

    Raises
    ------
    BadInput
        With every argument that is not in order, and every column that is missing and what it costs; when the period
        ends after the last month that was submitted.

    Notes
    -----
    Versions 4, 5 and 6 of the data set. Each definition is in the documentation, under "Records to measures". Lazy
    tables give one lazy query. PyArrow tables are computed in pandas and given back as PyArrow.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics, metadata: core community mental health referrals, access,
    referral-spells, waiting times, admissions without prior contact. NHS Data Dictionary, Mental Health Services Data
    Set, versions 4 to 6.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> mhsds.measures(mhsds.example(), "2024/25", which=["referrals", "caseload", "contacts", "waiting"])
      organisation      team_type   period  referrals  caseload  contacts  waiting
    0          RX1  Generic CMHTs  2024/25          4         1         3        2
    """
    choices = {
        "waiting_for": waiting_for, "pathway": pathway, "caseload_of": caseload_of, "several_teams": several_teams,
        "lapsed": lapsed, "direct_before_v5": direct_before_v5, "resubmitted": resubmitted,
    }  # fmt: skip
    extract = as_extract(extract)
    request = read_request(
        extract, "measures", period, by, scope, access_scope, icb_of, icb_from, age_bands, which, choices,
        (spells_from, grace, providers_left_out),
    )  # fmt: skip
    if strict:
        refuse_broken_rules(extract)
    parts = []
    if request.of_referrals:
        parts.append(sums_of_referrals(extract, request))
    if request.of_admissions:
        parts.append(
            admissions(extract, request.grouping, request.spans, request.of_admissions, before_v5=request.before_v5)
        )
    table = _side_by_side(parts, request)
    # A sum of whole numbers is wider than they are on some engines.
    table = table.with_columns(*(nw.col(name).cast(nw.Int64) for name in request.which))
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
