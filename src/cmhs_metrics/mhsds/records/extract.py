"""An extract: the tables of the data set that a user has, on any engine, and how their columns are read."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.mhsds.records.checks import EXPECTED, can_be, engine_name, with_dates_of_nothing
from cmhs_metrics.mhsds.records.columns import NEWER_MECHANISM, TABLES, Column, Kind, Table, version_of
from cmhs_metrics.mhsds.records.engines import DUCKDB, PYARROW, numbers, value_of, with_dates
from cmhs_metrics.mhsds.records.memory import from_arrow, plain_columns, read_cells, something, to_arrow
from cmhs_metrics.mhsds.records.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        costs only what needs it.
    hospital_spells, clusters, ward_stays, indirect_activity : frame, optional
        The tables MHS501HospProvSpell, MHS801ClusterTool, MHS502WardStay and MHS204IndirectActivity.
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
        When the tables are of different engines, a column stands twice or is of a type that it cannot be.
    TypeError
        When a table is none.

    Notes
    -----
    Dates may be dates, times (cut to the day) or ISO text; text that is no calendar date reads as missing. Ids may be
    text or whole numbers. Codes are text; whole numbers read as text, with a zero before it where the code has two
    characters. Lazy tables stay lazy: nothing is run. Only the columns that a measure needs are read. DuckDB types a
    column of nothing but nulls INTEGER; a date of that type is taken to be missing, and the query fails when it is run
    if a number stands there.

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
        *,
        progress: bool | None = None,
    ) -> None:
        self._progress = Progress(progress)
        given = {
            "people": people, "referrals": referrals, "service_types": service_types, "contacts": contacts,
            "hospital_spells": hospital_spells, "clusters": clusters, "ward_stays": ward_stays,
            "indirect_activity": indirect_activity,
        }  # fmt: skip
        self._take({argument: frame for argument, frame in given.items() if frame is not None})

    @classmethod
    def of(cls, tables: Mapping[str, Any], *, progress: bool | None = None) -> Extract:
        """Make an extract of tables by their names in the data set.

        Parameters
        ----------
        tables : mapping of str to frame
            For example {"MHS101Referral": frame}; case does not matter.
        progress : bool, optional
            As in `Extract`.

        Returns
        -------
        Extract
            The extract.

        Raises
        ------
        BadInput
            When a name is not one that is read here, or two name the same table.

        Examples
        --------
        >>> import pandas as pd
        >>> Extract.of({"mhs204indirectactivity": pd.DataFrame({"Person_ID": ["P1"]})}).tables
        ('indirect_activity',)
        """
        known = {name.casefold(): table.argument for table in TABLES.values() for name in table.names}
        problems: list[Problem] = []
        arguments: dict[str, Any] = {}
        for name, frame in tables.items():
            argument = known.get(str(name).casefold())
            if argument is None:
                every = [each for table in TABLES.values() for each in table.names]
                hint = f"one of {', '.join(every)}; {nearest(str(name), every)}".rstrip("; ")
                problems.append(Problem("tables", None, name, f"a table that measures are made of; {hint}"))
            elif argument in arguments:
                problems.append(Problem("tables", None, name, f"one table for {argument}"))
            else:
                arguments[argument] = frame
        if problems:
            raise BadInput("the extract", problems)
        extract = cls(**arguments, progress=progress)
        extract.version = version_of(extract._columns, tuple(tables))
        return extract

    def __repr__(self) -> str:
        lazy = "lazy tables" if self.lazy else "tables"
        return f"Extract of version {(self.version or '?').removeprefix('v')}, {lazy}: {', '.join(self.tables)}"

    def _take(self, given: dict[str, Any]) -> None:
        if not given:
            raise BadInput("the extract", [Problem(None, None, None, f"a table at least: {', '.join(TABLES)}")])
        self.given_as_narwhals = any(isinstance(frame, (nw.DataFrame, nw.LazyFrame)) for frame in given.values())
        self._frames: dict[str, Frame] = {}
        for argument, frame in given.items():
            try:
                self._frames[argument] = nw.from_native(frame)
            except TypeError as error:
                kind = type(frame).__name__
                raise TypeError(
                    f"{argument} is to be a table (pandas, Polars, PyArrow, DuckDB …), got a {kind}"
                ) from error
        self.tables = tuple(self._frames)
        engines = {
            name: (frame.implementation, isinstance(frame, nw.LazyFrame)) for name, frame in self._frames.items()
        }
        if len(set(engines.values())) > 1:
            first = next(iter(engines))
            problems = [
                Problem(name, None, engine_name(engine), f"{engine_name(engines[first])}, as {first} is: one engine")
                for name, engine in engines.items()
                if engine != engines[first]
            ]
            raise BadInput("the extract", problems)
        self.engine, self.lazy = next(iter(engines.values()))
        if self.engine is DUCKDB:
            self._frames = {name: with_dates_of_nothing(TABLES[name], each) for name, each in self._frames.items()}
        self._schemas = {name: dict(frame.collect_schema()) for name, frame in self._frames.items()}
        self._columns = {name: tuple(schema) for name, schema in self._schemas.items()}
        problems = [problem for name in self.tables for problem in self._wrong(TABLES[name])]
        if problems:
            raise BadInput("the extract", problems)
        self.version = version_of(self._columns)
        self.text_ids = self._ids_that_are_text()

    def _wrong(self, table: Table) -> list[Problem]:
        """The columns of a table that stand twice or cannot be what they should."""
        problems = []
        folded = [name.casefold() for name in self._columns[table.argument]]
        for column in table.columns:
            for name in (column.name, *column.older):
                if folded.count(name.casefold()) > 1:
                    problems.append(Problem(f"{table.argument}.{name}", None, None, "a column name that stands once"))
            for name in self._named(table.argument, column):
                dtype = self._schemas[table.argument][name]
                if not can_be(column.kind, dtype) and not self._is_empty(table.argument, name):
                    problems.append(Problem(f"{table.argument}.{name}", None, str(dtype), EXPECTED[column.kind]))
        return problems

    def _is_empty(self, table: str, name: str) -> bool:
        """Whether an eager column holds nothing, whatever type it was given."""
        frame = self._frames[table]
        return not self.lazy and bool(frame.get_column(name).null_count() == len(frame))

    def _named(self, table: str, column: Column) -> list[str]:
        """The names that a column has in the user's table, newest first."""
        actual = {name.casefold(): name for name in self._columns[table]}
        return [actual[name.casefold()] for name in (column.name, *column.older) if name.casefold() in actual]

    def has(self, table: str, *columns: str) -> bool:
        """Whether the extract has a table, with these columns."""
        return table in self._frames and all(self._named(table, TABLES[table].column(name)) for name in columns)

    def require(self, needs: Mapping[str, Sequence[str]], costs: str) -> list[Problem]:
        """Name the tables and columns that are not there, and what that costs."""
        problems = []
        for table, columns in needs.items():
            names = TABLES[table].name
            if table not in self._frames:
                problems.append(Problem(table, None, None, f"the table {names}; without it there is no {costs}"))
                continue
            for name in columns:
                if not self.has(table, name):
                    hint = nearest(name, self._columns[table])
                    expected = f"a column of {names}; without it there is no {costs}"
                    problems.append(Problem(f"{table}.{name}", None, None, f"{expected}; {hint}" if hint else expected))
        return problems

    # Reading

    def may_be_no_date(self, table: str, column: Column) -> bool:
        """Whether a column of dates is of a type that can hold something else."""
        types = {self._schemas[table][name] for name in self._named(table, column)}
        return bool(types & {nw.String(), nw.Object()})

    def read(self, table: str, columns: Sequence[str], *, unreadable: bool = False) -> Frame:
        """Columns of a table, those that are there, to compute with.

        Parameters
        ----------
        table : str
            Its name here.
        columns : sequence of str
            The newest names of the columns.
        unreadable : bool, default False
            Whether to say of each date in a column `<name> unreadable` whether something stands there that is no date.

        Returns
        -------
        narwhals.DataFrame or narwhals.LazyFrame
            Ids as they are, or all as text where some are; numbers as integers; dates as day numbers since 1970; codes
            as text. Missing is null.
        """
        wanted = [TABLES[table].column(name) for name in columns if self.has(table, name)]
        if not self.lazy:
            self._progress.at(TABLES[table].name, len(self._frames[table]))
        if self.engine is PYARROW or self.engine.is_pandas_like():
            native = (
                self._frames[table]
                .select(*dict.fromkeys(name for column in wanted for name in self._named(table, column)))
                .to_native()
            )
            cells = from_arrow(native) if self.engine is PYARROW else native
            read = {
                column.name: read_cells(
                    column, [cells[name] for name in self._named(table, column)], column.name in self.text_ids
                )
                for column in wanted
            }
            if unreadable:
                for column in wanted:
                    if column.kind is Kind.DATE:
                        stands = [something(cells[name]) for name in self._named(table, column)]
                        anything = functools.reduce(operator.or_, stands)
                        read[f"{column.name} unreadable"] = anything & read[column.name].isna()
            return nw.from_native(plain_columns(read))
        frame = self._frames[table]
        frame = frame.lazy() if isinstance(frame, nw.DataFrame) else frame
        chosen = [self._read(table, column).alias(column.name) for column in wanted]
        if unreadable:
            for column in wanted:
                if column.kind is Kind.DATE:
                    something_there = [self._something(table, name) for name in self._named(table, column)]
                    wrong = functools.reduce(operator.or_, something_there) & self._read(table, column).is_null()
                    chosen.append(wrong.alias(f"{column.name} unreadable"))
        return frame.select(*chosen)

    def _something(self, table: str, name: str) -> nw.Expr:
        """Whether a cell holds anything; empty text is nothing."""
        there = ~nw.col(name).is_null()
        is_text = self._schemas[table][name] == nw.String
        return there & (nw.col(name).str.strip_chars() != "") if is_text else there

    def _read(self, table: str, column: Column) -> nw.Expr:
        parts = []
        for name in self._named(table, column):
            as_text = column.name in self.text_ids
            part = value_of(self.engine, column, nw.col(name), self._schemas[table][name], as_text)
            if name.casefold() == "consmediumused":
                part = part.replace_strict(
                    list(NEWER_MECHANISM), list(NEWER_MECHANISM.values()), default=part, return_dtype=nw.String
                )
            parts.append(part)
        return nw.coalesce(*parts) if len(parts) > 1 else parts[0]

    def _ids_that_are_text(self) -> frozenset[str]:
        """The ids that are text in one of the tables, and so are read as text in all."""
        text = set()
        for table, schema in self._schemas.items():
            for column in TABLES[table].columns:
                if column.kind is Kind.ID:
                    for name in self._named(table, column):
                        if not (schema[name].is_numeric() or schema[name] == nw.Unknown):
                            text.add(column.name)
        return frozenset(text)

    def numbers(self, values: Sequence[int]) -> Frame:
        """A little table of whole numbers, `number`, on the engine of the extract."""
        return numbers(self.engine, nw.to_native(next(iter(self._frames.values()))), values)

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
        if self.engine is PYARROW or self.engine.is_pandas_like():
            self._progress.end()
            native = frame.to_native().reset_index(drop=True)
            arrow = to_arrow(native, dates, arrow=self.engine is PYARROW)
            return nw.from_native(arrow) if self.given_as_narwhals else arrow
        frame = with_dates(self.engine, frame, dates) if dates else frame
        if not self.lazy:
            self._progress.result()
            frame = frame.collect("polars")
            self._progress.end()
        return frame if self.given_as_narwhals else nw.to_native(frame)
