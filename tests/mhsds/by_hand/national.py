"""Run the hand-written SQL of national measures on Parquet files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

FOLDER = Path(__file__).parent
PLACES = {
    "England": "'England'",
    "Provider": "provider",
    "Sub ICB of GP Practice or Residence": "coalesce(sub_icb, 'UNKNOWN')",
    "ICB of GP Practice or Residence": "coalesce(icb, 'UNKNOWN')",
}
DAYS = {"MRS03": ("MRS03a", "MRS03b"), "MHS124": ("MHS125", "MHS126"), "MHS127": ("MHS128", "MHS129")}
"""The median and the 90th percentile of the days of what another id counts."""
SHARES = {
    "MRS01b": ("MRS01a", "MRS01"), "MRS02b": ("MRS02a", "MRS02"), "MRS02d": ("MRS02c", "MRS02"),
    "MRS02f": ("MRS02e", "MRS02"), "MRS07b": ("MRS07a", "MRS03"), "MRS07d": ("MRS07c", "MRS03"),
    "MRS07f": ("MRS07e", "MRS03"), "MRS22": ("MRS20", "MRS21"), "MHS80": ("MHS79", "MHS78"),
    "EIP23i": ("EIP23b", "EIP23a"), "EIP67": ("EIP66", "EIP64"),
}  # fmt: skip
"""Percentages, and what they are of."""
BY_CODE = (("MHS29f", "England; Attendance", "status"), ("MHS30h", "England; ConsMechanismMH", "how"))
V5 = {
    "services": "SELECT UniqServReqID AS referral, RecordNumber AS record, ServTeamTypeRefToMH AS submitted_code, "
    "ReferRejectionDate AS rejected, ReferClosureDate AS closed FROM read_parquet($service_types)",
    "practices": "SELECT '' AS person, 0 AS month, '' AS practice WHERE false",
    "people": "SELECT *, NULL::VARCHAR AS OrgIDSubICBLocResidence FROM read_parquet($people)",
}
V6 = {
    "teams": "SELECT UniqCareProfTeamLocalID AS team, OrgIDProv AS provider, UniqMonthID AS month, "
    "max(ServTeamTypeMH) AS type FROM read_parquet($service_teams) GROUP BY ALL",
    # A referral's own row is a service where it names a team or a rejection; its closure is the discharge.
    "services": "SELECT UniqServReqID AS referral, RecordNumber AS record, type AS submitted_code, "
    "ReferRejectionDate AS rejected, ServDischDate AS closed FROM read_parquet($referrals) LEFT JOIN teams "
    "ON team = UniqCareProfTeamLocalID AND provider = OrgIDProv AND month = UniqMonthID "
    "WHERE type IS NOT NULL OR ReferRejectionDate IS NOT NULL UNION ALL "
    "SELECT UniqServReqID, RecordNumber, type, ReferRejectionDate, ReferClosureDate FROM read_parquet($service_types) "
    "LEFT JOIN teams ON team = UniqOtherCareProfTeamLocalID AND provider = OrgIDProv AND month = UniqMonthID",
    "practices": "SELECT Person_ID AS person, UniqMonthID AS month, arg_max_null(OrgIDSubICBLocGP, RecordNumber) AS "
    "practice FROM read_parquet($gp_registrations) WHERE coalesce(GMPReg, '') NOT IN ('V81997', 'V81998', 'V81999') "
    "AND EndDateGMPRegistration IS NULL AND UniqMonthID <= m() GROUP BY ALL",
}
Values = dict[tuple[str, str, str], float]


def national(
    files: Mapping[str, str],
    month: dt.date,
    *,
    icb_of: Mapping[str, str] | None = None,
    reference_sets: Sequence[Mapping[str, Any]] | None = None,
    nice: Sequence[str] = (),
) -> Values:
    """The measures of a month, by breakdown, place and id; files are paths by the name of the table.

    Of version 6, with every measure, where reference sets are given; else of version 5, with those of its few tables.
    """
    connection = duckdb.connect()
    number = (month.year - 1900) * 12 + month.month - 3
    connection.execute(
        "CREATE MACRO first_of(month) AS CAST(DATE '1900-03-01' + to_months(CAST(month AS INT)) AS DATE)"
    )
    connection.execute("CREATE MACRO year_of(day) AS year(CAST(day AS DATE) - INTERVAL 3 MONTH)")
    connection.execute(f"CREATE MACRO m() AS {number}")
    for name, first in {"month": number, "quarter": number - 2, "year": number - 11}.items():
        connection.execute(f"CREATE MACRO {name}_first() AS first_of({first})")
    connection.execute(f"CREATE MACRO month_last() AS first_of({number + 1}) - 1")

    def run(sql: str) -> None:
        for table, path in files.items():
            sql = sql.replace(f"read_parquet(${table})", f"read_parquet('{path}')")
        connection.execute(sql)

    views = V5 if reference_sets is None else V6
    for name, sql in views.items():
        run(f"CREATE TEMP TABLE {name} AS {sql}")
    text = (FOLDER / "national.sql").read_text()
    run(text.replace("read_parquet($people)", "people") if "people" in views else text)
    if reference_sets is not None:
        connection.execute(
            'CREATE TEMP TABLE reference_sets (concept VARCHAR, "group" VARCHAR, "start" DATE, "end" DATE)'
        )
        rows = [[each.get(name) for name in ("concept", "group", "start", "end")] for each in reference_sets]
        connection.executemany("INSERT INTO reference_sets VALUES (?, ?, ?, ?)", rows)
        connection.execute("CREATE TEMP TABLE nice AS SELECT unnest(?) AS concept", [list(nice)])
        run((FOLDER / "national_v6.sql").read_text())
    connection.execute("CREATE TEMP TABLE icbs (sub VARCHAR, icb VARCHAR)")
    if icb_of:
        connection.executemany("INSERT INTO icbs VALUES (?, ?)", list(icb_of.items()))
    found: Values = {}
    for breakdown, place in PLACES.items():
        query = f"""
            SELECT id, {place} AS place, count(DISTINCT what), quantile_cont(days, 0.5), quantile_cont(days, 0.9)
            FROM facts LEFT JOIN icbs ON sub = sub_icb GROUP BY ALL"""
        for id, where, number_of, median, ninth in connection.sql(query).fetchall():
            found[breakdown, where, id] = number_of
            for name, value in zip(DAYS.get(id, ()), (median, ninth), strict=False):
                found[breakdown, where, name] = value
    for id, breakdown, code in BY_CODE:
        query = f"SELECT {code}, count(*) FROM month_contacts WHERE {code} IS NOT NULL AND (attended OR {id!r} = 'MHS29f') GROUP BY ALL"
        found |= {(breakdown, where, id): count for where, count in connection.sql(query).fetchall()}
    counted = {id for *_, id in found}
    for id, (above, below) in SHARES.items():
        if above not in counted:
            continue
        for breakdown, where, of in list(found):
            if of == below:
                found[breakdown, where, id] = (
                    100 * found.get((breakdown, where, above), 0) / found[breakdown, where, of]
                )
    return found
