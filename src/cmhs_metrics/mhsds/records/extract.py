"""An extract: the tables of the data set that a user has, on any engine, and how their columns are read."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.mhsds.records.cells import WIDE
from cmhs_metrics.mhsds.records.columns import TABLES, Column, Kind, version_of, with_other_names
from cmhs_metrics.mhsds.records.dates import LAST_MONTH
from cmhs_metrics.mhsds.records.engines import engine_of
from cmhs_metrics.mhsds.records.names import argument_of, column_name, table_name
from cmhs_metrics.mhsds.records.progress import Progress
from cmhs_metrics.mhsds.records.sources import Source, looked_through, read_columns, wrong_columns

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence


Frame = Any
"""A narwhals frame, eager or lazy; what is written here is written for both."""


class Extract:
    """The tables of an extract of the Mental Health Services Data Set (MHSDS).

    Parameters
    ----------
    people, referrals, service_types, contacts : frame, optional
        The tables MHS001MPI, MHS101Referral, MHS102ServiceTypeReferredTo (from version 6 on MHS102OtherServiceType) and
        MHS201CareContact, as one kind of frame that narwhals knows: pandas, Polars (eager or lazy), PyArrow, DuckDB
        relations, Ibis, PySpark. Columns go by their names in the data set, in any case. A table that is not there
        costs only what needs it. A list of frames is read as one table.
    hospital_spells, clusters, ward_stays, indirect_activity : frame, optional
        The tables MHS501HospProvSpell, MHS801ClusterTool, MHS502WardStay and MHS204IndirectActivity.
    service_teams : frame, optional
        The table MHS902ServiceTeamDetails, which from version 6 on says of which type a team is.
    gp_registrations, care_coordinators, care_plans, care_plan_agreements, care_activities : frame, optional
        The tables MHS002GP, MHS006MHCareCoord, MHS008CarePlanType, MHS009CarePlanAgreement and MHS202CareActivity.
    referral_scores, activity_scores : frame, optional
        The tables MHS606CodedScoreAssessmentRefer and MHS607CodedScoreAssessmentAct.
    progress : bool, optional
        Whether a run on tables in memory says on standard error which of them it is at; by default where that is a
        terminal. Lazy tables are run by their own engine, which shows progress or does not.

    Attributes
    ----------
    version : str or None
        "v4", "v5" or "v6", by the tables and columns that there are.

    Raises
    ------
    BadInput
        When the tables are of different engines or connections, a column stands twice or is of a type that it cannot
        be, most cells of a column of dates or whole numbers, written as text, are none, ids or concepts are cut short,
        as floats and spreadsheets do with long ones, or ids are text in one table and numbers in another, where the
        zeros before them are lost.
    TypeError
        When a table is none.

    Notes
    -----
    Text is read without the blanks at its ends and in capitals; nothing, NULL, NaN, NA, None and `<NA>` are missing.
    Ids may be text, whole numbers or UUIDs. Codes may be whole numbers, and may have lost the zero before them. Whole
    numbers may be text. Dates may be dates, times (cut to the day), text as 2025-03-31, 31/03/2025, 31-Mar-2025 or
    20250331 (that may be a number), with a time or without; what is no calendar date reads as missing, and so do 1
    January 1900, which databases make of an empty date, and 31 December 9999, which they write of what is open. Times
    of a day may be text or of a type of times.

    Lazy tables stay lazy: nothing is run, but for one query where dates or numbers are text, or ids are text in one
    table and numbers in another. Only the columns that a measure needs are read.

    References
    ----------
    NHS England, Mental Health Services Data Set, Technical Output Specification, versions 4, 5 and 6.

    Examples
    --------
    >>> import pandas as pd
    >>> contacts = pd.DataFrame({"UniqCareContID": ["C1"], "UniqServReqID": ["R1"], "AttendStatus": ["5"]})
    >>> extract = Extract(contacts=contacts)
    >>> extract.version, extract.tables
    ('v5', ('contacts',))
    """

    def __init__(
        self,
        people: Any = None,
        referrals: Any = None,
        service_types: Any = None,
        contacts: Any = None,
        hospital_spells: Any = None,
        clusters: Any = None,
        ward_stays: Any = None,
        indirect_activity: Any = None,
        service_teams: Any = None,
        gp_registrations: Any = None,
        care_coordinators: Any = None,
        care_plans: Any = None,
        care_plan_agreements: Any = None,
        care_activities: Any = None,
        referral_scores: Any = None,
        activity_scores: Any = None,
        *,
        progress: bool | None = None,
    ) -> None:
        self._progress = Progress(progress)
        given = {
            "people": people, "referrals": referrals, "service_types": service_types, "contacts": contacts,
            "hospital_spells": hospital_spells, "clusters": clusters, "ward_stays": ward_stays,
            "indirect_activity": indirect_activity, "service_teams": service_teams,
            "gp_registrations": gp_registrations, "care_coordinators": care_coordinators, "care_plans": care_plans,
            "care_plan_agreements": care_plan_agreements, "care_activities": care_activities,
            "referral_scores": referral_scores, "activity_scores": activity_scores,
        }  # fmt: skip
        self._take(
            {
                argument: list(frames) if isinstance(frames, (list, tuple)) else [frames]
                for argument, frames in given.items()
                if frames is not None
            }
        )

    @classmethod
    def of(cls, tables: Mapping[str, Any], *, progress: bool | None = None) -> Extract:
        """Make an extract of tables by their names in the data set.

        Parameters
        ----------
        tables : mapping of str to frame
            For example {"MHS101Referral": frame}, or by the arguments of `Extract`. Case does not matter, nor a schema
            before the name ("dbo.MHS101Referral", "[dbo].[MHS101Referral]"), nor "_ALL" after it. Tables of the data
            set that nothing is made of are left out. Both tables of service types, of version 5 and of 6, may be given.
        progress : bool, optional
            As in `Extract`.

        Returns
        -------
        Extract
            The extract.

        Raises
        ------
        BadInput
            When a name is none of the data set, or two name the same table.

        Examples
        --------
        >>> import pandas as pd
        >>> Extract.of({"dbo.MHS204IndirectActivity": pd.DataFrame({"Person_ID": ["P1"]})}).tables
        ('indirect_activity',)
        """
        problems: list[Problem] = []
        named: dict[tuple[str, str], Any] = {}
        for name, frame in tables.items():
            argument = argument_of(name)
            if isinstance(argument, Problem):
                problems.append(argument)
            elif argument is not None:
                if (argument, table_name(name)) in named:
                    problems.append(Problem("tables", None, name, f"one table for {argument}"))
                named[argument, table_name(name)] = frame
        arguments: dict[str, list[Any]] = {}
        for (argument, _), frame in named.items():
            arguments.setdefault(argument, []).extend(frame if isinstance(frame, (list, tuple)) else [frame])
        problems += [
            Problem("tables", None, argument, f"one table for {argument}: by one name")
            for argument, frames in arguments.items()
            if len(TABLES[argument].names) < sum(one == argument for one, _ in named) and len(frames) > 1
        ]
        if tables and not arguments and not problems:
            problems.append(Problem("tables", None, ", ".join(map(str, tables)), "a table that measures are made of"))
        if problems:
            raise BadInput("the extract", problems)
        extract = cls(**arguments, progress=progress)
        extract._call(tuple(name for _, name in named))
        return extract

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, engine: str | None = None, progress: bool | None = None) -> Extract:
        r"""Read an extract from a folder of CSV or Parquet files, or from a DuckDB file.

        Parameters
        ----------
        path : path
            A folder whose files are named as the tables are ("MHS101Referral.csv", "dbo.MHS101Referral.parquet",
            "MHS101Referral_2024-06.csv"; several files of one table, or a folder of its parts, are read as one), or a
            DuckDB file, whose tables and views are, in any schema. Other files and tables are left alone.
        engine : str, optional
            "duckdb", "polars" or "pandas"; by default the first of them that is installed. A DuckDB file is read by
            DuckDB.
        progress : bool, optional
            As in `Extract`.

        Returns
        -------
        Extract
            The extract, of lazy tables unless of pandas. Every cell of a CSV file is read as text first, so that codes
            keep their zeros.

        Raises
        ------
        BadInput
            When there is nothing at the path, or no table of the data set in it, or a file that cannot be read, such as
            a CSV file of another encoding than UTF-8.

        Examples
        --------
        >>> from pathlib import Path
        >>> folder = Path("extract")
        >>> folder.mkdir()
        >>> _ = (folder / "MHS204IndirectActivity.csv").write_text("Person_ID,IndirectActDate\nP1,31/03/2025\n")
        >>> Extract.read(folder).tables
        ('indirect_activity',)
        """
        from cmhs_metrics.mhsds.records.files import tables_at

        tables, names = tables_at(path, engine)
        try:
            extract = cls(**tables, progress=progress)
        except BadInput:
            raise
        except Exception as error:  # of any kind that an engine has for what stands in a file
            got = str(error).strip().splitlines()[0]
            raise BadInput(
                "Extract.read", [Problem("path", None, str(path), f"files that can be read: {got}")]
            ) from None
        extract._call(names)
        return extract

    def __repr__(self) -> str:
        lazy = "lazy tables" if self.lazy else "tables"
        return f"Extract of version {(self.version or '?').removeprefix('v')}, {lazy}: {', '.join(self.tables)}"

    def _take(self, given: dict[str, list[Any]]) -> None:
        if not given:
            raise BadInput("the extract", [Problem(None, None, None, f"a table at least: {', '.join(TABLES)}")])
        every = [frame for frames in given.values() for frame in frames]
        self.given_as_narwhals = any(isinstance(frame, (nw.DataFrame, nw.LazyFrame)) for frame in every)
        frames = {argument: [_entered(argument, frame) for frame in some] for argument, some in given.items()}
        self.tables = tuple(frames)
        first, (one, *_) = next(iter(frames.items()))
        self.lazy, kind = isinstance(one, nw.LazyFrame), one.implementation
        problems = [
            Problem(argument, None, _engine_name(frame), f"{_engine_name(one)}, as {first} is: one engine")
            for argument, some in frames.items()
            for frame in some
            if (frame.implementation, isinstance(frame, nw.LazyFrame)) != (kind, self.lazy)
        ]
        if problems:
            raise BadInput("the extract", problems)
        self.engine = engine_of(kind, [frame.to_native() for some in frames.values() for frame in some])
        frames = {argument: [self.engine.enter(frame) for frame in some] for argument, some in frames.items()}
        one = frames[first][0]
        expected = f"a table of the connection that {first} is of: one connection for all tables"
        problems = [
            Problem(argument, None, "a table of another connection", expected)
            for argument, some in frames.items()
            for frame in some
            if self.engine.refuses_to_combine(one.to_native(), frame.to_native())
        ]
        if problems:
            raise BadInput("the extract", problems)
        self._sources: dict[str, list[Source]] = {}
        for argument, some in frames.items():
            for frame in some:
                schema = dict(frame.collect_schema())
                source = Source(frame, schema, {column_name(name): name for name in schema})
                problems += wrong_columns(TABLES[argument], source)
                self._sources.setdefault(argument, []).append(source)
        if problems:
            raise BadInput("the extract", problems)
        self._columns = {
            argument: tuple(dict.fromkeys(name for source in some for name in source.actual))
            for argument, some in self._sources.items()
        }
        self._call(())
        self._sources, problems = looked_through(self.engine, self._sources)
        self.text_ids = self._ids_that_are_text()
        if problems:
            raise BadInput("the extract", problems)

    def _call(self, names: tuple[str, ...]) -> None:
        """Take the names by which tables were given, in small letters."""
        self._names, self.version = names, version_of(self._columns, names)

    def name_of(self, table: str) -> str:
        """The name of a table in the data set: the one that it was given by, or that of the version."""
        names = TABLES[table].names
        of_version = names[0] if self.version == "v6" else names[-1]
        return next((name for name in names if name.casefold() in self._names), of_version)

    def has(self, table: str, *columns: str, throughout: bool = False) -> bool:
        """Whether the extract has a table, with these columns; of one in several parts, in all or in any of them."""
        if table not in self._sources:
            return False
        every, sources = all if throughout else any, self._sources[table]
        return all(every(source.named(TABLES[table].column(name)) for source in sources) for name in columns)

    def require(self, needs: Mapping[str, Sequence[str]], costs: str) -> list[Problem]:
        """Name the tables and columns that are not there, and what that costs."""
        problems = []
        for table, columns in needs.items():
            names = self.name_of(table)
            if table not in self._sources:
                problems.append(Problem(table, None, None, f"the table {names}; without it there is no {costs}"))
                continue
            for name in columns:
                if not self.has(table, name):
                    hint = nearest(name, [each for source in self._sources[table] for each in source.schema])
                    expected = f"a column of {names}; without it there is no {costs}"
                    problems.append(Problem(f"{table}.{name}", None, None, f"{expected}; {hint}" if hint else expected))
        return problems

    # Reading

    def may_be_no_date(self, table: str, column: Column) -> bool:
        """Whether a column of dates is of a type that can hold something else."""
        return any(
            source.schema[name] in (nw.String, nw.Object, nw.Categorical) or source.schema[name].is_numeric()
            for source in self._sources[table]
            for name in source.named(column)
        )

    def rows(
        self, table: str, columns: Sequence[str], *, unreadable: bool = False, older: bool = False,
        last_of: Sequence[str] = (), later: Sequence[str] = (),
    ) -> Frame:  # fmt: skip
        """Columns of a table, those that are there, to compute with.

        Parameters
        ----------
        table : str
            Its name here.
        columns : sequence of str
            The newest names of the columns.
        unreadable : bool, default False
            Whether to say of each date in a column `<name> unreadable` whether something stands there that is no date.
        older : bool, default False
            Whether to say of each code that is written otherwise since version 5, in a column `<name> older`, whether
            it was submitted before.
        last_of : sequence of str
            The columns that name an item of which only the last month is wanted, if most have a row a month: what is
            surely earlier is not read then, where that can be told before.
        later : sequence of str
            The ids of text that are not cleaned yet.

        Returns
        -------
        narwhals.DataFrame or narwhals.LazyFrame
            Ids as they are, or all as text where some are; numbers as integers; dates as day numbers since 1970; codes
            as text. Missing is null.
        """
        wanted = [TABLES[table].column(name) for name in columns if self.has(table, name)]
        sources = self._sources[table]
        if not self.lazy:
            self._progress.at(self.name_of(table), sum(len(source.frame) for source in sources))
        parts = [
            read_columns(
                self.engine, TABLES[table], source, wanted, self.text_ids, unreadable=unreadable, older=older,
                last_of=last_of, later=later,
            )
            for source in sources
        ]  # fmt: skip
        return nw.concat(parts, how="vertical") if len(parts) > 1 else parts[0]

    def _has_last(self, table: str, item: Sequence[str]) -> bool:
        """Whether `rows` reads the last month of an item alone where it is asked to: most items have one row then."""
        return all(source.last_of(TABLES[table], item) for source in self._sources[table])

    def _ids_that_are_text(self) -> frozenset[str]:
        """The ids that are text in one of the tables, and so are read as text in all."""
        return with_other_names(
            {
                column.name
                for table, sources in self._sources.items()
                for column in TABLES[table].columns
                if column.kind is Kind.ID
                for source in sources
                for name in source.named(column)
                if source.schema[name] in WIDE or not source.schema[name].is_numeric()
            }
        )

    @functools.cached_property
    def last_month(self) -> int | None:
        """The last month that was submitted, of referrals, or else of hospital spells: one query, once."""
        table = next((name for name in ("referrals", "hospital_spells") if self.has(name, "UniqMonthID")), None)
        if table is None:
            return None
        found = self.rows(table, ["UniqMonthID"]).select(nw.col("UniqMonthID").max().alias("month"))
        found = found.collect() if isinstance(found, nw.LazyFrame) else found
        self._progress.end()
        month = next(map(int, found.get_column("month").drop_nulls().to_list()), None)
        if month is not None and month > LAST_MONTH:
            expected = "the number of a reporting month, as 1429 for April 2019 (see month_id)"
            raise BadInput("the extract", [Problem(f"{table}.UniqMonthID", None, month, expected)])
        return month

    def numbers(self, values: Sequence[int]) -> Frame:
        """A little table of whole numbers, `number`, on the engine of the extract."""
        (source, *_), *_ = self._sources.values()
        return self.engine.integers(nw.to_native(source.frame), values)

    # Leaving

    def leave(self, frame: Frame, dates: Sequence[str] = ()) -> Any:
        """Give a result back as the kind of table that came in, its day numbers as dates.

        Parameters
        ----------
        frame : narwhals.DataFrame or narwhals.LazyFrame
            The result.
        dates : sequence of str
            Its columns of day numbers.

        Returns
        -------
        frame
            Of the user's engine; lazy if theirs was.
        """
        if not self.lazy and not self.engine.in_memory:
            self._progress.result()
        native = self.engine.leave(frame, dates, lazy=self.lazy)
        self._progress.end()
        return nw.from_native(native) if self.given_as_narwhals else native


ExtractLike = Extract | Mapping[str, Any]
"""An extract, or its tables by their names."""


def as_extract(extract: Any) -> Extract:
    """An extract, or tables by their names made one; what is neither is refused by its kind."""
    if isinstance(extract, Extract):
        return extract
    if hasattr(extract, "items") and not hasattr(extract, "columns"):
        return Extract.of(extract)
    kind = f"{type(extract).__module__.partition('.')[0]} {type(extract).__name__}"
    expected = 'an extract, or its tables by their names: {"MHS101Referral": frame, …}'
    raise BadInput("the extract", [Problem("extract", None, f"a {kind}", expected)])


def _entered(argument: str, frame: Any) -> Frame:
    try:
        return nw.from_native(frame)
    except nw.exceptions.DuplicateError as error:
        twice = str(error).strip().splitlines()[-1].strip(" -")
        raise BadInput("the extract", [Problem(argument, None, twice, "column names that stand once")]) from None
    except TypeError as error:
        kind = type(frame).__name__
        raise TypeError(f"{argument} is to be a table (pandas, Polars, PyArrow, DuckDB …), got a {kind}") from error


def _engine_name(frame: Frame) -> str:
    """The name of a frame's engine, and whether it is lazy where it could be either."""
    kind = frame.implementation
    lazy = isinstance(frame, nw.LazyFrame) and kind is nw.Implementation.POLARS
    return f"{kind.name.capitalize()}{', lazy' if lazy else ''}"
