"""Run the tests of a room on its mutants: ``python -m tests.mutation ROOM [ROOM ...] --count 40 --seed 1``."""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from queue import Queue

from tests.mutation.mutants import Mutant, doubled, drawn, mutants_of
from tests.mutation.starter import Starter

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
PARTS = ("src", "tests", "docs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "pyproject.toml", "mkdocs.yml")
"""What the tests read, and so what is copied."""


@dataclass
class Room:
    """A part of the package, its tests, and what became of its mutants."""

    name: str
    modules: list[str]
    tests: list[str]
    change: str = "random"
    drawn_from: int = 0
    fates: dict[Mutant, str] = field(default_factory=dict)

    def mutants(self, count: int, seed: int) -> list[Mutant]:
        """The mutants to try."""
        root = PROJECT / "src" / "cmhs_metrics"
        paths = sorted({path for pattern in self.modules for path in root.glob(pattern)})
        found = [each for path in paths for each in (doubled if self.change == "doubled" else mutants_of)(root, path)]
        self.drawn_from = len(found)
        return found if self.change == "doubled" else drawn(found, count, seed)


def rooms() -> dict[str, Room]:
    """Every room by its name."""
    return {name: Room(name, **given) for name, given in tomllib.loads((HERE / "rooms.toml").read_text()).items()}


def equivalent() -> dict[tuple[str, ...], str]:
    """The mutants that were judged to change nothing, and why; functions of which any number would do, by themselves."""
    listed = tomllib.loads((HERE / "judged.toml").read_text()).get("equivalent", [])
    return {tuple(each[key] for key in ("file", "within", "was", "now") if key in each): each["why"] for each in listed}


def is_equivalent(mutant: Mutant, judged: dict[tuple[str, ...], str]) -> bool:
    """Whether it was judged so, or is of a number where any would do."""
    where = (mutant.path, mutant.within)
    return (*where, mutant.was, mutant.now) in judged or (where in judged and mutant.is_of_numbers)


def copied(folder: Path) -> Path:
    """A copy of all that the tests read."""
    folder.mkdir(parents=True)
    for name in PARTS:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / name)
    return folder


@dataclass
class Reach:
    """Which functions each test calls, and how long it takes."""

    at_import: set[str]
    tests: dict[str, tuple[float, set[str]]]

    def to_run(self, mutant: Mutant, seconds: float) -> list[str]:
        """The tests that call what is broken, the quickest first, while they take no longer together.

        All are meant where it is called as modules are loaded.
        """
        where = f"{mutant.path}:{mutant.within}"
        of_a_module = not mutant.within or mutant.within.rpartition(".")[2][:1].isupper()
        everywhere = of_a_module or where in self.at_import
        calling = {name: time for name, (time, called) in self.tests.items() if everywhere or where in called}
        # What no test calls may still be read by some: a cached value, a name.
        calling = calling or {name: time for name, (time, _) in self.tests.items()}
        taken = dict(zip(sorted(calling, key=calling.__getitem__), accumulate(sorted(calling.values())), strict=True))
        first, *others = taken
        # Those of a file that take about as long follow each other: between two files fixtures are built anew.
        return sorted(
            [first, *(name for name in others if taken[name] <= seconds)], key=lambda name: _about(calling[name], name)
        )


def _about(time: float, name: str) -> tuple[int, str]:
    """A test by the power of four of its time [s], and its file."""
    return math.frexp(max(time, 0.02))[1] // 2, name.partition("::")[0]


OPTIONS = ["-x", "-q", "-n", "0", "--no-header"]


def reached(starter: Starter, room: Room, limit: float, folder: Path) -> Reach:
    """Run the tests of a room on the sound code, unless the folder has that of the code and the tests as they are."""
    out = folder / f"{room.name}.json"
    changed = max(path.stat().st_mtime for part in ("src", "tests") for path in (PROJECT / part).rglob("*.py"))
    if not out.exists() or out.stat().st_mtime < changed:
        options = [*OPTIONS, "-p", "tests.mutation.reach", *room.tests]
        said, printed = starter.run(options, limit, MUTATION_REACH=str(out.resolve()))
        if said != "passed":
            raise SystemExit(f"{room.name}: its tests on the sound code: {said}\n{printed}")
    read = json.loads(out.read_text(encoding="utf-8"))
    return Reach(set(read["at import"]), {name: (time, set(called)) for name, (time, called) in read["tests"].items()})


def module_name(path: str) -> str:
    """A file of the package as Python imports it."""
    return "cmhs_metrics." + path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def fate(copy: Path, starter: Starter, room: Room, tests: list[str], mutant: Mutant, stamp: int, limit: float) -> str:
    """What becomes of a mutant under these tests: killed, or alive."""
    path = copy / "src" / "cmhs_metrics" / mutant.path
    sound, known = path.read_bytes(), path.stat()
    path.write_bytes(mutant.of(sound))
    # Bytecode is known by the time of its source in whole seconds: each mutant has its own.
    os.utime(path, (stamp, stamp))
    if room.change != "doubled" and b">>>" in sound:
        tests = [f"tests/test_examples.py::test_docstrings[{module_name(mutant.path)}]", *tests]
    try:
        said, _ = starter.run([*OPTIONS, *tests], limit)
    finally:
        path.write_bytes(sound)
        os.utime(path, (known.st_atime, known.st_mtime))
    return {"passed": "alive", "failed": "killed", "too slow": "killed by the clock"}[said]


def run(room: Room, copies: list[tuple[Path, Starter]], given: argparse.Namespace) -> None:
    """Try the mutants of a room, as many at once as there are copies."""
    started = time.monotonic()
    reach = reached(copies[0][1], room, 10 * given.limit, given.reach or copies[0][0])
    limit = max(given.limit, 3 * min(given.seconds, sum(taken for taken, _ in reach.tests.values())))
    judged = equivalent()
    free: Queue[tuple[Path, Starter]] = Queue()
    for copy in copies:
        free.put(copy)

    def attempt(numbered: tuple[int, Mutant]) -> tuple[Mutant, str]:
        copy, starter = free.get()
        try:
            at, mutant = numbered
            return mutant, fate(
                copy, starter, room, reach.to_run(mutant, given.seconds), mutant, 1_000_000_000 + at, limit
            )
        finally:
            free.put((copy, starter))

    with ThreadPoolExecutor(len(copies)) as pool:
        part, parts = given.part
        for mutant, what in pool.map(attempt, enumerate(room.mutants(given.count, given.seed)[part - 1 :: parts])):
            if what == "alive" and is_equivalent(mutant, judged):
                what = "equivalent"
            room.fates[mutant] = what
            if what != "killed":
                print(f"{what}: {mutant}", flush=True)
    print(f"{room.name}: {time.monotonic() - started:.0f} s", flush=True)


def table(tried: list[Room]) -> str:
    """A line for each room: how many of those that matter were killed."""
    lines = ["| room | drawn from | mutants | killed | equivalent | alive | score |", "|---|---|---|---|---|---|---|"]
    for room in tried:
        fates = list(room.fates.values())
        killed, same = sum(each.startswith("killed") for each in fates), fates.count("equivalent")
        alive = fates.count("alive")
        score = f"{100 * killed / (killed + alive):.0f}%" if killed + alive else ""
        lines.append(f"| {room.name} | {room.drawn_from} | {len(fates)} | {killed} | {same} | {alive} | {score} |")
    return "\n".join(lines)


def _part(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    return int(part), int(parts)


def main() -> None:
    """Read the command line, and run."""
    known = rooms()
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"{', '.join(known)}; all, if none is named")
    parser.add_argument("--count", type=int, default=40, help="mutants a room (default 40)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=max(1, len(os.sched_getaffinity(0))), help="mutants at once")
    parser.add_argument("--limit", type=float, default=120, help="seconds of a core for a mutant, at the least")
    parser.add_argument(
        "--seconds", type=float, default=math.inf, help="of tests for a mutant, the quickest first (default all)"
    )
    parser.add_argument("--part", type=_part, default=(1, 1), metavar="1/2", help="the first half of them, say")
    parser.add_argument("--reach", type=Path, metavar="FOLDER", help="where stands, or is kept, what each test calls")
    given = parser.parse_args()
    if unknown := [name for name in given.rooms if name not in known]:
        parser.error(f"no such room: {', '.join(unknown)}; there are {', '.join(known)}")
    tried = []
    with tempfile.TemporaryDirectory(prefix="mutation") as folder:
        copies = [copied(Path(folder, str(number))) for number in range(given.jobs)]
        started = [(copy, Starter(copy, PROJECT / "../shared/data")) for copy in copies]
        for name in given.rooms or known:
            run(known[name], started, given)
            tried.append(known[name])
        for _, starter in started:
            starter.close()
    print(table(tried))
    if any("alive" in room.fates.values() for room in tried):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
