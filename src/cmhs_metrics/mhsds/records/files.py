"""Extracts in files: a folder of CSV or Parquet files, or a DuckDB file."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.records.names import argument_of, argument_of_file, table_name
from cmhs_metrics.mhsds.records.with_duckdb import holding

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

_ENGINES = ("duckdb", "polars", "pandas")
_CSV, _PARQUET = (".csv", ".csv.gz"), (".parquet",)

Tables = tuple[dict[str, list[Any]], tuple[str, ...]]
"""Frames by the argument of `Extract`, and the names of the tables that were found."""


def tables_at(path: str | os.PathLike[str], engine: str | None) -> Tables:
    """The tables of the data set in a folder or a DuckDB file."""
    place, problems = Path(path), []
    if not place.exists():
        problems.append(Problem("path", None, str(place), "a folder of CSV or Parquet files, or a DuckDB file"))
    if engine is not None and engine not in _ENGINES:
        problems.append(Problem("engine", None, engine, f"one of {', '.join(_ENGINES)}"))
    if problems:
        raise BadInput("Extract.read", problems)
    if not place.is_dir():
        return _of_database(place)
    chosen = engine or next(name for name in _ENGINES if importlib.util.find_spec(name) is not None)
    return _of_folder(place, chosen)


def _of_folder(folder: Path, engine: str) -> Tables:
    found: dict[str, list[Any]] = {}
    names: list[str] = []
    problems: list[Problem] = []
    read = _reader(engine)
    for file in sorted(folder.iterdir()):
        ending = next((end for end in (*_CSV, *_PARQUET) if file.name.casefold().endswith(end)), None)
        if ending is None or not file.is_file():
            continue
        stem = file.name[: -len(ending)]
        argument = argument_of_file(stem)
        if isinstance(argument, Problem):
            problems.append(Problem("path", None, file.name, argument.expected))
        elif argument is not None:
            found.setdefault(argument, []).append(read(file, ending in _CSV))
            names.append(_full_name(stem))
    return _checked(found, names, problems, folder, "a folder with a table of the data set, as MHS101Referral.csv")


def _full_name(stem: str) -> str:
    """The name that a table has in the data set, of that of a file."""
    plain = table_name(stem)
    later = "mhs102otherservicetype"
    return later if plain.startswith(later) else plain


def _reader(engine: str) -> Callable[[Path, bool], Any]:
    if engine == "duckdb":
        import duckdb

        connection = duckdb.connect()
        return lambda file, is_csv: holding(
            connection,
            connection.read_csv(str(file), all_varchar=True, header=True)
            if is_csv
            else connection.read_parquet(str(file)),
        )
    if engine == "polars":
        import polars as pl

        return lambda file, is_csv: pl.scan_csv(file, infer_schema=False) if is_csv else pl.scan_parquet(file)
    import pandas as pd

    return lambda file, is_csv: pd.read_csv(file, dtype="str") if is_csv else pd.read_parquet(file)


def _of_database(file: Path) -> Tables:
    import duckdb

    try:
        connection = duckdb.connect(str(file), read_only=True)
    except duckdb.Error as error:
        raise BadInput(
            "Extract.read", [Problem("path", None, str(file), f"a folder or a DuckDB file: {error}")]
        ) from None
    found: dict[str, list[Any]] = {}
    names: list[str] = []
    problems: list[Problem] = []
    query = "SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL"
    for schema, name in connection.sql(query).fetchall():
        if not table_name(name).startswith("mhs"):
            continue
        argument = argument_of(name)
        if isinstance(argument, Problem):
            problems.append(Problem("path", None, f"{schema}.{name}", argument.expected))
        elif argument is not None:
            quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, name))
            found.setdefault(argument, []).append(holding(connection, connection.sql(f"SELECT * FROM {quoted}")))
            names.append(table_name(name))
    return _checked(found, names, problems, file, "a DuckDB file with a table of the data set, as MHS101Referral")


def _checked(
    found: dict[str, list[Any]], names: list[str], problems: list[Problem], place: Path, expected: str
) -> Tables:
    if not found and not problems:
        problems.append(Problem("path", None, str(place), expected))
    if problems:
        raise BadInput("Extract.read", problems)
    return found, tuple(names)
