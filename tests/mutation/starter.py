"""A process that has loaded what tests import, and copies itself for every run, which then starts at once."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

LIBRARIES = (
    "numpy", "pandas", "scipy.stats", "scipy.optimize", "scipy.sparse", "pint", "narwhals", "pyarrow", "polars", "duckdb",
    "ibis", "matplotlib.figure",
)  # fmt: skip


class Starter:
    """The other end of such a process, for one copy of the project."""

    def __init__(self, copy: Path, data: Path) -> None:
        path = [str(copy / "src"), str(copy)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
        environment.setdefault("CMHS_METRICS_DATA", str(data.resolve()))
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is compiled stays in the copy
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=copy,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, options: list[str], limit: float, **environment: str) -> tuple[str, str]:
        """What the tests say (``passed``, ``failed`` or ``too slow``), and the end of what they print."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"options": options, "limit": limit, "environment": environment}
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        code, printed = json.loads(self.process.stdout.readline())
        return {0: "passed", -signal.SIGPROF: "too slow", -signal.SIGALRM: "too slow"}.get(code, "failed"), printed

    def close(self) -> None:
        """End it."""
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()


def _child(asked: dict[str, Any], output: int) -> None:
    os.setsid()
    # Nothing handles these: they end the process, whatever it is at. Where others work, an hour is not one of its own.
    signal.setitimer(signal.ITIMER_PROF, asked["limit"])
    signal.setitimer(signal.ITIMER_REAL, 10 * asked["limit"])
    os.environ.update(asked["environment"])
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    import pytest

    code = pytest.main(asked["options"])
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    """Answer one question a line."""
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        with tempfile.TemporaryFile() as output:
            pid = os.fork()
            if not pid:
                try:
                    _child(json.loads(line), output.fileno())
                except BaseException:
                    traceback.print_exc()
                finally:
                    os._exit(70)
            _, status = os.waitpid(pid, 0)
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            output.seek(0)
            said = output.read().decode(errors="replace")[-2000:]
        print(json.dumps([os.waitstatus_to_exitcode(status), said]), flush=True)


if __name__ == "__main__":
    main()
