"""Run the tests of a room on its mutants: ``python -m tests.mutation ROOM [ROOM ...] --count 40 --seed 1``."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue

from tests.mutation.mutants import Mutant, doubled, drawn, mutants_of

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


def equivalent() -> dict[tuple[str, str, str, str], str]:
    """The mutants that were judged to change nothing, and why."""
    listed = tomllib.loads((HERE / "judged.toml").read_text()).get("equivalent", [])
    return {(each["file"], each["within"], each["was"], each["now"]): each["why"] for each in listed}


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


def tested(copy: Path, tests: Iterable[str], module: str | None, limit: float) -> str:
    """What the tests say: ``passed``, ``failed``, or ``too slow``."""
    chosen = list(tests)
    if module:
        chosen.insert(0, f"tests/test_examples.py::test_docstrings[{module}]")
    options = ["-x", "-q", "-n", "0", "--no-header"]
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    data = PROJECT / "../shared/data"
    environment.setdefault("CMHS_METRICS_DATA", str(data.resolve()))
    command = [sys.executable, "-m", "pytest", *options, *chosen]
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as run:
        try:
            run.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
            return "too slow"
    return "passed" if run.returncode == 0 else "failed"


def module_name(path: str) -> str:
    """A file of the package as Python imports it."""
    return "cmhs_metrics." + path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def fate(copy: Path, room: Room, mutant: Mutant, limit: float) -> str:
    """What becomes of a mutant: killed, or alive."""
    path = copy / "src" / "cmhs_metrics" / mutant.path
    sound = path.read_bytes()
    path.write_bytes(mutant.of(sound))
    try:
        said = tested(copy, room.tests, None if room.change == "doubled" else module_name(mutant.path), limit)
    finally:
        path.write_bytes(sound)
    return {"passed": "alive", "failed": "killed", "too slow": "killed by the clock"}[said]


def run(room: Room, copies: list[Path], count: int, seed: int, limit: float) -> None:
    """Try the mutants of a room, as many at once as there are copies."""
    started = time.monotonic()
    if tested(copies[0], room.tests, None, 10 * limit) != "passed":
        raise SystemExit(f"{room.name}: its tests fail on the sound code")
    limit = max(limit, 3 * (time.monotonic() - started))
    judged = equivalent()
    free: Queue[Path] = Queue()
    for copy in copies:
        free.put(copy)

    def attempt(mutant: Mutant) -> tuple[Mutant, str]:
        copy = free.get()
        try:
            return mutant, fate(copy, room, mutant, limit)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        for mutant, what in pool.map(attempt, room.mutants(count, seed)):
            if what == "alive" and (mutant.path, mutant.within, mutant.was, mutant.now) in judged:
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


def main() -> None:
    """Read the command line, and run."""
    known = rooms()
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"{', '.join(known)}; all, if none is named")
    parser.add_argument("--count", type=int, default=40, help="mutants a room (default 40)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=max(1, len(os.sched_getaffinity(0))), help="mutants at once")
    parser.add_argument("--limit", type=float, default=120, help="seconds for a mutant, at the least")
    given = parser.parse_args()
    if unknown := [name for name in given.rooms if name not in known]:
        parser.error(f"no such room: {', '.join(unknown)}; there are {', '.join(known)}")
    tried = []
    with tempfile.TemporaryDirectory(prefix="mutation") as folder:
        copies = [copied(Path(folder, str(number))) for number in range(given.jobs)]
        for name in given.rooms or known:
            run(known[name], copies, given.count, given.seed, given.limit)
            tried.append(known[name])
    print(table(tried))
    if any("alive" in room.fates.values() for room in tried):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
