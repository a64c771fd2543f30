"""The one local Spark session of a test run, where there is Spark."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any


@cache
def missing() -> str | None:
    """What Spark needs and this machine has not; None where all is there."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed (python -m pip install '.[test,spark]')"
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        return "there is no Java (17 or later)"
    if subprocess.run([java, "-version"], capture_output=True, check=False).returncode:
        return f"{java} does not run"
    return None


_FOLDER: list[Path] = []


def keep_files_in(folder: Path) -> None:
    """Say where Spark may write, before the session starts."""
    _FOLDER[:] = [folder]


@cache
def session() -> Any:
    """A session of two threads, without its web page, started when the first test asks for it."""
    from pyspark.sql import SparkSession

    folder = _FOLDER[0]
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": f"-XX:TieredStopAtLevel=1 -Djava.io.tmpdir={folder} -Dderby.system.home={folder}",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
    }
    builder = SparkSession.builder.master("local[2]").appName("cmhs_metrics tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    started = builder.getOrCreate()
    started.sparkContext.setLogLevel("ERROR")
    return started


def stop() -> None:
    """End the session, if one was started."""
    if session.cache_info().currsize:
        session().stop()
        session.cache_clear()
