"""From a seed to an extract: locality by locality, in memory or streamed to Parquet."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.mhsds.synthesis.contacts import draw_contacts, draw_indirect
from cmhs_metrics.mhsds.synthesis.dirt import ROWS, WRITING, Planted, Written, badly_written, plant
from cmhs_metrics.mhsds.synthesis.hospital import draw_clusters, draw_hospital
from cmhs_metrics.mhsds.synthesis.layout import identified, tables
from cmhs_metrics.mhsds.synthesis.providers import PEOPLE_IN_A_LOCALITY, localities
from cmhs_metrics.mhsds.synthesis.referrals import NULL, draw_referrals
from cmhs_metrics.mhsds.synthesis.submissions import (
    submit_clusters,
    submit_people,
    submit_referrals,
    submit_spells,
    submit_teams,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmhs_metrics.mhsds.synthesis.layout import Column
    from cmhs_metrics.mhsds.synthesis.providers import Locality, Window
    from cmhs_metrics.mhsds.synthesis.referrals import Integers, Rows

    Cells = tuple[Column, Integers, Written]

NOTICE = (
    "Synthetic data. No person, provider or place in it exists: it was drawn at random around the national rates of "
    "the Community Mental Health Services Audit 2016/17."
)
ROWS_IN_A_GROUP = 250_000
_RECORD_BASE = 10**11
_UNFINISHED = ".parquet.unfinished"
_WITH_TEAMS = ("MHS101Referral", "MHS102ServiceTypeReferredTo", "MHS201CareContact")
_WITH_SPELLINGS = ("MHS101Referral", "MHS201CareContact")


@dataclass
class Plan:
    """What to draw: checked arguments of `cmhs_metrics.mhsds.synthesise`, and what was planted so far.

    `dirty` is the share of dirty rows for each rule and of cells written badly in each way, or some of these by name;
    where dates are to be written badly by name, they are text.
    """

    contacts: int
    providers: int
    seed: int
    window: Window
    version: str
    dirty: float | Mapping[str, float]
    dates: str
    planted: Planted = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if isinstance(self.dirty, Mapping):
            self.shares = dict(self.dirty)
            self.dates = "text" if self.shares.get("dates") else self.dates
        else:
            self.shares = dict.fromkeys((ROWS, *WRITING), self.dirty)

    def localities(self) -> list[Locality]:
        """The localities, each drawn on its own."""
        return list(localities(self.contacts, self.providers, self.seed, self.window))

    def rows(self, locality: Locality) -> dict[str, Rows]:
        """Draw a locality's rows of each table, and count what is planted."""
        draw, window = locality.draw(self.seed), self.window
        community = draw_referrals(draw, locality, window)
        contacts = draw_contacts(draw, community, locality, window)
        indirect = draw_indirect(draw, community, window)
        clusters = draw_clusters(draw, community)
        facts, spells = draw_hospital(draw, community, locality, window)
        referrals, services = submit_referrals(draw, facts, window)
        admissions, stays = submit_spells(spells, facts, window)
        for rows in (contacts, indirect):
            rows["person"] = facts["person"][rows["referral"]]
        contacts["code"] = facts["code"][contacts["referral"]]
        found = {
            "MHS101Referral": referrals,
            "MHS102ServiceTypeReferredTo": services,
            "MHS201CareContact": contacts,
            "MHS204IndirectActivity": indirect,
            "MHS501HospProvSpell": admissions,
            "MHS502WardStay": stays,
        }
        if self.version != "v6":
            found["MHS801ClusterTool"] = submit_clusters(clusters, facts, window)
        found = {"MHS001MPI": submit_people(draw, facts, list(found.values()), locality, window), **found}
        if share := self.shares.get(ROWS):
            self.planted += plant(draw, found, facts, share, window, self.dates == "text")
        if self.version == "v6":
            found["MHS902ServiceTeamDetails"] = submit_teams([found[name] for name in _WITH_TEAMS])
            services = found.pop("MHS102ServiceTypeReferredTo")
            second = services["second"] == 1
            found["MHS102OtherServiceType"] = {name: values[second] for name, values in services.items()}
        base = locality.number * PEOPLE_IN_A_LOCALITY
        return {name: identified(rows, base, _RECORD_BASE) for name, rows in found.items()}

    def cells(self, locality: Locality, rows: dict[str, Rows]) -> Iterator[tuple[str, list[Cells]]]:
        """The columns of each table with their values and how these are written, and count what is written badly."""
        badly = any(self.shares.get(name) for name in WRITING)
        for at, (table, columns) in enumerate(tables(self.version, self.dates, locality.provider).items()):
            made: list[Cells] = []
            for place, column in enumerate(columns):
                values = rows[table][column.of]
                key = (2, locality.number, at, place)
                draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key)))
                written = badly_written(draw, len(values), self.shares) if badly else Written()
                if badly and column.kind == "code":
                    there, own = values != NULL, column.name == "OrgIDProv" and table in _WITH_SPELLINGS
                    self.planted[table, column.name, "padded code"] += int((there & written.padded).sum())
                    spelt = there & (written.padded | written.lower)
                    self.planted[table, column.name, "provider in two spellings"] += int(own and spelt.sum())
                made.append((column, values, written))
            yield table, made


def in_memory(plan: Plan, engine: str) -> dict[str, Any]:
    """Draw an extract as frames of an engine, by the name of the table."""
    parts: dict[str, list[Any]] = {}
    if engine == "pandas":
        import pandas as pd

        for locality, rows in _drawn(plan):
            for table, columns in plan.cells(locality, rows):
                frame = pd.DataFrame({each.name: each.pandas(values, written) for each, values, written in columns})
                parts.setdefault(table, []).append(frame)
        whole = {table: pd.concat(frames, ignore_index=True) for table, frames in parts.items()}
        for frame in whole.values():
            frame.attrs["synthetic"] = NOTICE
        return whole
    import pyarrow as pa

    for locality, rows in _drawn(plan):
        for table, batch in _arrow(plan, locality, rows):
            parts.setdefault(table, []).append(batch)
    arrow = {table: pa.concat_tables(batches) for table, batches in parts.items()}
    if engine == "polars":
        import polars as pl

        return {table: pl.from_arrow(each) for table, each in arrow.items()}
    if engine == "duckdb":
        import duckdb

        return {table: duckdb.from_arrow(each) for table, each in arrow.items()}
    return arrow


def not_synthetic(folder: Path) -> list[Path]:
    """The Parquet files of a folder, which need not be there, that do not say that they are synthetic."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def says_so(path: Path) -> bool:
        try:
            return b"synthetic" in (pq.read_schema(path).metadata or {})
        except pa.ArrowInvalid:
            return False

    return [path for path in sorted(folder.glob("*.parquet")) if not says_so(path)]


def to_parquet(plan: Plan, folder: Path, progress: bool) -> None:
    """Draw an extract into a folder: a Parquet file a table, and what says that it is synthetic.

    What it holds of an earlier synthetic extract is replaced at the end, so that a run that is interrupted leaves no
    half of one. Progress is told on the standard error.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, Any] = {}
    waiting: dict[str, list[Any]] = {}
    counts: Counter[str] = Counter()
    every = plan.localities()

    def write(table: str) -> None:
        whole = pa.concat_tables(waiting.pop(table)).combine_chunks()
        if table not in writers:
            writers[table] = pq.ParquetWriter(folder / f"{table}{_UNFINISHED}", whole.schema, compression="zstd")
        writers[table].write_table(whole, row_group_size=max(len(whole), 1))

    try:
        for done, (locality, rows) in enumerate(_drawn(plan), start=1):
            for table, batch in _arrow(plan, locality, rows):
                waiting.setdefault(table, []).append(batch)
                counts[table] += len(batch)
                if sum(map(len, waiting[table])) >= ROWS_IN_A_GROUP:
                    write(table)
            if progress:
                text = f"\rsynthetic extract: {done} of {len(every)} localities, {counts.total():,} rows"
                print(text, end="", file=sys.stderr, flush=True)
        for table in list(waiting):
            write(table)
    except BaseException:
        for table, writer in writers.items():
            writer.close()
            (folder / f"{table}{_UNFINISHED}").unlink()
        raise
    finally:
        if progress:
            print(file=sys.stderr)
    for writer in writers.values():
        writer.close()
    for earlier in (*folder.glob("*.parquet"), folder / "planted.csv"):
        earlier.unlink(missing_ok=True)
    for table in writers:
        (folder / f"{table}{_UNFINISHED}").rename(folder / f"{table}.parquet")
    _explain(plan, folder, counts)


def _drawn(plan: Plan) -> Iterator[tuple[Locality, dict[str, Rows]]]:
    for locality in plan.localities():
        yield locality, plan.rows(locality)


def _arrow(plan: Plan, locality: Locality, rows: dict[str, Rows]) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa

    for table, columns in plan.cells(locality, rows):
        batch = pa.table({each.name: each.arrow(values, written) for each, values, written in columns})
        yield table, batch.replace_schema_metadata({"synthetic": NOTICE})


def _explain(plan: Plan, folder: Path, counts: Counter[str]) -> None:
    made = (
        f"contacts={plan.contacts}, providers={plan.providers}, first_month={plan.window.first_month}, "
        f"months={plan.window.last_month - plan.window.first_month + 1}, version={plan.version!r}, seed={plan.seed}, "
        f"dirty={plan.dirty}, dates={plan.dates!r}"
    )
    source = f"Made by cmhs_metrics.mhsds.synthesise({made}) with NumPy {np.__version__}."
    lines = ["SYNTHETIC DATA", "", NOTICE, "", source, ""]
    lines += [f"{table}: {count:,} rows" for table, count in sorted(counts.items())]
    (folder / "README.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if plan.dirty:
        header = "table,column,rule,rows"
        planted = [f"{','.join(key)},{count}" for key, count in sorted(plan.planted.items()) if count]
        (folder / "planted.csv").write_text("\n".join([header, *planted]) + "\n", encoding="utf-8")
