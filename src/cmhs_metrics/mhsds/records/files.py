"""Extracts in files: a folder of CSV or Parquet files, or a DuckDB file."""

from __future__ import annotations

import codecs
import gzip
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.records.names import argument_of, argument_of_file, table_name
from cmhs_metrics.mhsds.records.with_duckdb import holding

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from io import BufferedReader

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
        ending = _ending(file)
        stem = file.name[: len(file.name) - len(ending)]
        argument = argument_of_file(stem)
        if argument is None or not (ending or file.is_dir()):
            continue
        parts = _parts(file) if file.is_dir() else [file]
        are_csv = {_ending(part) in _CSV for part in parts}
        separators = {part: _separator(part) for part in parts} if are_csv == {True} else dict.fromkeys(parts, "")
        if isinstance(argument, Problem):
            problems.append(Problem("path", None, file.name, argument.expected))
        elif len(are_csv) != 1:
            expected = "a folder of the parts of one table, all CSV or all Parquet"
            problems.append(Problem("path", None, file.name, f"{expected}; of Delta or Iceberg give the table itself"))
        elif None in separators.values():
            expected = "a CSV file in UTF-8 that begins with the names of its columns"
            problems.append(Problem("path", None, file.name, expected))
        else:
            try:
                for alike in _alike(parts, engine):
                    frame = read([str(part) for part in alike], separators[alike[0]] or "")
                    found.setdefault(argument, []).append(frame)
            except Exception as error:  # of any kind that an engine has for what is no such file
                expected = f"a CSV file in UTF-8, or Parquet: {str(error).strip().splitlines()[0]}"
                problems.append(Problem("path", None, file.name, expected))
            names.append(_full_name(stem))
    return _checked(found, names, problems, folder, "a folder with a table of the data set, as MHS101Referral.csv")


def _ending(file: Path) -> str:
    return next((end for end in (*_CSV, *_PARQUET) if file.name.casefold().endswith(end)), "")


def _parts(folder: Path) -> list[Path]:
    """The files of a table in parts; none where a log says which of them count, as of Delta and Iceberg."""
    if (folder / "_delta_log").is_dir() or (folder / "metadata").is_dir():
        return []
    inside = ((part, part.relative_to(folder).parts) for part in sorted(folder.rglob("*")))
    return [part for part, names in inside if _ending(part) and not any(name[0] in "._" for name in names)]


def _alike(parts: list[Path], engine: str) -> list[list[Path]]:
    """Parts of the same columns together: what some of them lack is lacking, and not missing in rows of one table."""
    found: dict[Any, list[Path]] = {}
    for part in parts:
        found.setdefault(_heading(part, engine), []).append(part)
    return list(found.values())


def _heading(part: Path, engine: str) -> Any:
    if _ending(part) in _CSV:
        return _first_line(part).strip()
    if engine == "duckdb":
        import duckdb

        return tuple(duckdb.read_parquet(str(part)).columns)
    if engine == "polars":
        import polars as pl

        return tuple(pl.read_parquet_schema(part))
    import pyarrow.parquet as pq

    return tuple(pq.read_schema(part).names)


def _full_name(stem: str) -> str:
    """The name that a table has in the data set, of that of a file."""
    plain = table_name(stem)
    later = "mhs102otherservicetype"
    return later if plain.startswith(later) else plain


def _separator(file: Path) -> str | None:
    """What separates the columns of a CSV file, as its first line tells; None where there is none to be read."""
    first = _first_line(file)
    if not first.strip() or b"\0" in first:
        return None
    return max(",;\t|", key=lambda each: first.count(each.encode()))


def _first_line(file: Path) -> bytes:
    with _opened(file) as lines:
        return lines.readline()


def _opened(file: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(file) if file.suffix.casefold() == ".gz" else file.open("rb")


def _refuse_other_encodings(file: Path) -> None:
    """Polars would tell only of columns that are read, and when they are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _opened(file) as lines:
        while block := lines.read(2**20):
            decoder.decode(block)
    decoder.decode(b"", final=True)


def _last_line(file: str) -> str:
    with Path(file).open("rb") as lines:
        lines.seek(max(Path(file).stat().st_size - 1000, 0))
        return lines.read().rstrip().rpartition(b"\n")[2].decode("latin-1")


def _reader(engine: str) -> Callable[[list[str], str], Any]:
    """Reads the parts of a table: CSV files with a separator, or Parquet with none."""
    if engine == "duckdb":
        import duckdb

        connection = duckdb.connect()

        def of_csv(files: list[str], separator: str) -> Any:
            # A last line that tells how many rows there are is taken for a short one.
            padded = any(not each.casefold().endswith(".gz") and separator not in _last_line(each) for each in files)
            return connection.read_csv(
                files, sep=separator, quotechar='"', header=True, all_varchar=True, null_padding=padded,
                union_by_name=True,
            )  # fmt: skip

        def of_parquet(files: list[str]) -> Any:
            return connection.read_parquet(files, union_by_name=True, hive_partitioning=True)

        def of_files(files: list[str], separator: str) -> Any:
            return holding(connection, of_csv(files, separator) if separator else of_parquet(files))

        return of_files
    if engine == "polars":
        import polars as pl

        def lazy(file: str, separator: str) -> pl.LazyFrame:
            if separator:
                _refuse_other_encodings(Path(file))
                return pl.scan_csv(file, separator=separator, infer_schema=False)
            return pl.scan_parquet(file, hive_partitioning=True)

        def of_files(files: list[str], separator: str) -> Any:
            table = pl.concat((lazy(file, separator) for file in files), how="diagonal_relaxed")
            table.collect_schema()  # which tells whether they are such files
            return table

        return of_files
    import pandas as pd

    def of_part(file: str, separator: str) -> Any:
        if separator:
            return pd.read_csv(file, sep=separator, dtype="str", index_col=False, keep_default_na=False)
        import pyarrow.parquet as pq

        return pq.read_table([file]).to_pandas()  # of a list, and so with the columns that folders name

    return lambda files, separator: pd.concat([of_part(file, separator) for file in files], ignore_index=True)


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
