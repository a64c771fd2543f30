"""Made-up extracts of any size: how a synthetic England year is drawn, submitted, dirtied and written."""

from __future__ import annotations

import datetime as dt
import importlib.util
import numbers
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.synthesis.dirt import ROWS, WRITING
from cmhs_metrics.mhsds.synthesis.extracts import NOTICE, Plan, in_memory, not_synthetic, to_parquet
from cmhs_metrics.mhsds.synthesis.layout import VERSIONS
from cmhs_metrics.mhsds.synthesis.providers import PEOPLE_IN_A_LOCALITY, Window

if TYPE_CHECKING:
    import os

    from cmhs_metrics.mhsds.records.extract import Extract

__all__ = ["NOTICE", "synthesise"]

_ENGINES = ("pandas", "polars", "pyarrow", "duckdb")
_AUDIT_PROVIDERS, _MOST_PROVIDERS = 56, 999
_CONTACTS_A_PROVIDER = 10_000
_MOST_CONTACTS = PEOPLE_IN_A_LOCALITY * 500
_MOST_DIRTY = 0.05


@overload
def synthesise(
    folder: None = None,
    *,
    contacts: int = ...,
    providers: int | None = ...,
    first_month: str | dt.date | int = ...,
    months: int = ...,
    version: str = ...,
    seed: int = ...,
    dirty: float | Mapping[str, float] = ...,
    dates: str = ...,
    engine: str = ...,
    progress: bool | None = ...,
) -> Extract: ...
@overload
def synthesise(
    folder: str | os.PathLike[str],
    *,
    contacts: int = ...,
    providers: int | None = ...,
    first_month: str | dt.date | int = ...,
    months: int = ...,
    version: str = ...,
    seed: int = ...,
    dirty: float | Mapping[str, float] = ...,
    dates: str = ...,
    engine: str = ...,
    progress: bool | None = ...,
) -> Path: ...
def synthesise(
    folder: str | os.PathLike[str] | None = None,
    *,
    contacts: int = 5_000,
    providers: int | None = None,
    first_month: str | dt.date | int = "2024-04",
    months: int = 12,
    version: str = "v5",
    seed: int = 0,
    dirty: float | Mapping[str, float] = 0.0,
    dates: str = "date",
    engine: str = "pandas",
    progress: bool | None = None,
) -> Extract | Path:
    """Make up an MHSDS extract of any size, in memory or as a folder of Parquet files.

    No person, provider or place in it exists, and it says so: ids and provider codes begin with "SYN", districts with
    "E079", the Parquet files carry the key "synthetic" in their metadata, and the folder has a README. Referrals,
    acceptance, caseload, time on it, contacts, non-attendance, face-to-face share and clusters are drawn around the
    audit's national rates for each type of team; 14 million `contacts` in twelve months are England.

    Open referrals are submitted again every month. About 2% of contacts and 1% of referrals come a month late, and
    nearly as many are put right a month later. A fifth of the referrals are of people who have another with the same
    provider, many of them overlapping it or following within days; a few in a hundred go to two teams. Of referrals
    that were on caseload before the first month, the first two direct contacts come along, in the months when they took
    place: waits and access need them.

    Parameters
    ----------
    folder : path, optional
        Where to write a Parquet file for each table: a new or empty folder, or one of an earlier synthetic extract,
        which this one replaces when it is whole. Without it the extract is made in memory.
    contacts : int, default 5000
        Direct contacts expected in the months together [contact]; the table of contacts has a quarter more rows, of
        appointments that were missed or cancelled, messages, and corrections.
    providers : int, optional
        How many, up to 999; by default one for every 10,000 contacts, from 2 to the audit's 56.
    first_month : str, date or int, default "2024-04"
        The month of the first submission: "2024-04", a day in it, or its UniqMonthID.
    months : int, default 12
        How many monthly submissions.
    version : str, default "v5"
        "v4", "v5" or "v6": the tables, columns and codes of that version of the data set.
    seed : int, default 0
        Of the random draw. The same arguments give the same rows, in memory or in files, whatever the machine, as long
        as NumPy's version draws the same numbers.
    dirty : float or mapping of str to float, default 0
        The share of referrals, contacts, spells and clusters, up to 0.05, that break each rule of
        `cmhs_metrics.mhsds.quality`, at least one row a rule for each part that is drawn at once; and of cells that are
        written badly in each way. Or these by name, each with a share of its own: "rows" (up to 0.05) that break rules;
        and, up to 1, which change no measure, cells with "padding" (blanks after codes and ids) or in the other "case",
        the word "null" for nothing in codes and dates, and "dates" as 31/03/2025, which are text then. How many were
        planted stands in the folder's planted.csv.
    dates : str, default "date"
        "text" for dates as ISO text, of which dirty ones may be no date, or be written as 31/03/2025.
    engine : str, default "pandas"
        In memory: "pandas", "polars", "pyarrow" or "duckdb".
    progress : bool, optional
        Whether to tell on the standard error how far the files are; by default where that is a terminal.

    Returns
    -------
    Extract or pathlib.Path
        The extract; or the folder, if one was given.

    Raises
    ------
    BadInput
        When arguments are out of range, with all that are; when the folder has Parquet files that are not synthetic.
    ImportError
        When the files or the engine need PyArrow, which is not installed.

    References
    ----------
    NHS Benchmarking Network, NHS England Community Mental Health Services Audit 2016/17: Referral comparisons;
    Community MH Caseload comparisons; Contact levels; Community MH DNA Analysis.

    Examples
    --------
    >>> extract = synthesise(contacts=300, seed=1)
    >>> extract.version
    'v5'
    >>> folder = synthesise("synthetic", contacts=300, seed=1)
    >>> sorted(path.name for path in folder.iterdir())[:3]
    ['MHS001MPI.parquet', 'MHS101Referral.parquet', 'MHS102ServiceTypeReferredTo.parquet']
    """
    plan, problems = _checked(contacts, providers, first_month, months, version, seed, dirty, dates)
    if engine not in _ENGINES:
        problems.append(Problem("engine", None, engine, f"one of {', '.join(_ENGINES)}"))
    if isinstance(folder, str) and not folder.strip():
        problems.append(Problem("folder", None, folder, "a folder"))
    elif folder is not None and Path(folder).exists() and not Path(folder).is_dir():
        problems.append(Problem("folder", None, str(folder), "a folder, not a file"))
    if plan is None or problems:
        raise BadInput("mhsds.synthesise", problems)
    if (folder is not None or engine != "pandas") and importlib.util.find_spec("pyarrow") is None:
        what = "Parquet files need" if folder is not None else f"engine={engine!r} needs"
        raise ImportError(f"{what} PyArrow: python -m pip install pyarrow; without it, engine='pandas' in memory")
    if folder is not None:
        path = Path(folder)
        if others := not_synthetic(path):
            expected = "a folder without Parquet files that are not synthetic: they would be mixed up or written over"
            raise BadInput("mhsds.synthesise", [Problem("folder", None, other.name, expected) for other in others])
        to_parquet(plan, path, sys.stderr.isatty() if progress is None else progress)
        return path
    from cmhs_metrics.mhsds.records.extract import Extract

    return Extract.of(in_memory(plan, engine))


def _checked(
    contacts: Any, providers: Any, first_month: Any, months: Any, version: Any, seed: Any, dirty: Any, dates: Any
) -> tuple[Plan | None, list[Problem]]:
    problems = []

    def whole(name: str, value: Any, least: int, most: int) -> None:
        is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if not is_whole or not least <= value <= most:
            problems.append(Problem(name, None, value, f"a whole number from {least:,} to {most:,}"))

    whole("contacts", contacts, 1, _MOST_CONTACTS)
    if providers is not None:
        whole("providers", providers, 1, _MOST_PROVIDERS)
    whole("months", months, 1, 240)
    whole("seed", seed, 0, 2**63 - 1)
    month = _month_id(first_month)
    if month is None:
        expected = 'a month from 2016-01 to 2099-12, as "2024-04", a date in it or its UniqMonthID'
        problems.append(Problem("first_month", None, first_month, expected))
    if version not in VERSIONS:
        problems.append(Problem("version", None, version, f"one of {', '.join(VERSIONS)}"))
    if dates not in ("date", "text"):
        problems.append(Problem("dates", None, dates, '"date" or "text"'))
    problems += _of_dirt(dirty)
    if problems or month is None:
        return None, problems
    if providers is None:
        providers = min(max(int(contacts) // _CONTACTS_A_PROVIDER, 2), _AUDIT_PROVIDERS)
    window = Window(month, month + int(months) - 1)
    plan = Plan(
        contacts=int(contacts),
        providers=int(providers),
        seed=int(seed),
        window=window,
        version=version,
        dirty=dirty,
        dates=dates,
    )
    return plan, problems


def _of_dirt(dirty: Any) -> list[Problem]:
    named = dirty if isinstance(dirty, Mapping) else {"": dirty}
    most = {"": _MOST_DIRTY, ROWS: _MOST_DIRTY, **dict.fromkeys(WRITING, 1)}
    problems = []
    for name, share in named.items():
        argument = f"dirty[{name!r}]" if name else "dirty"
        if name not in most or (name == "" and named is dirty):
            problems.append(Problem("dirty", None, name, f"names among {', '.join((ROWS, *WRITING))}"))
        elif isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= most[name]:
            problems.append(Problem(argument, None, share, f"a share from 0 to {most[name]}"))
    return problems


def _month_id(month: Any) -> int | None:
    """The UniqMonthID of a month however it is given, or None."""
    if isinstance(month, numbers.Integral) and not isinstance(month, bool):
        found = int(month)
    elif isinstance(month, dt.date):
        found = (month.year - 1900) * 12 + month.month - 3
    elif isinstance(month, str) and (parts := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])(?:-\d\d)?", month)):
        found = (int(parts[1]) - 1900) * 12 + int(parts[2]) - 3
    else:
        return None
    return found if 1390 <= found <= 2397 else None
