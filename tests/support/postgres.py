"""A PostgreSQL of the tests' own, on a socket in a temporary folder, where the server's programs are installed."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import subprocess
import tempfile
from functools import cache

import pandas as pd


def postgres() -> bool:
    """Whether the programs are there, and somebody who may run them: the server refuses to be run by root."""
    programs = all(shutil.which(name) for name in ("initdb", "pg_ctl", "psql"))
    return programs and (os.geteuid() != 0 or shutil.which("runuser") is not None)


def _as_user(*command: str, **options: object) -> subprocess.CompletedProcess[str]:
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    return subprocess.run([*user, *command], check=True, text=True, capture_output=True, **options)  # type: ignore[call-overload,no-any-return]


@cache
def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="cmhs-postgres-")
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = f"{folder}/data"
    _as_user("initdb", "-D", data, "-A", "trust", "-U", "tests", "--no-sync", cwd="/")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    start = f"pg_ctl -D {data} -o '{options}' -l {folder}/log -w start >/dev/null && echo started"
    # The shell waits for the end of its input: the server ends with this process, however that ends.
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    script = f"{start}; cat >/dev/null; pg_ctl -D {data} -m immediate stop >/dev/null; rm -rf {data} {folder}/log"
    held = subprocess.Popen([*user, "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
    assert held.stdin is not None
    assert held.stdout is not None
    assert held.stdout.readline() == b"started\n"

    def stop() -> None:
        held.communicate()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return folder


def query_postgres(query: str, **frames: pd.DataFrame) -> pd.DataFrame:
    """The rows of a query over tables that are loaded from frames."""
    script = ["SET client_min_messages = warning;"]
    for name, frame in frames.items():
        kinds = {"i": "BIGINT", "f": "DOUBLE PRECISION"}
        columns = ", ".join(f'"{column}" {kinds.get(dtype.kind, "TEXT")}' for column, dtype in frame.dtypes.items())
        text = frame.to_csv(index=False, header=False)
        script.append(f"CREATE TEMPORARY TABLE {name} ({columns});\nCOPY {name} FROM STDIN (FORMAT csv);\n{text}\\.\n")
    script.append(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER);")
    command = ["psql", "-h", _folder(), "-U", "tests", "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"]
    done = subprocess.run(command, input="\n".join(script), check=False, text=True, capture_output=True)
    if done.returncode:
        raise AssertionError(done.stderr)
    return pd.read_csv(io.StringIO(done.stdout))
