"""The one local Spark session of a test run, where there is Spark."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from functools import cache
from tempfile import TemporaryDirectory
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


@cache
def _folder() -> TemporaryDirectory[str]:
    """Where Spark may write; nothing is left of it when the process ends."""
    return TemporaryDirectory(prefix="spark", ignore_cleanup_errors=True)


@cache
def session() -> Any:
    """A session of two threads, without its web page, started when the first test asks for it."""
    from pyspark.sql import SparkSession

    folder = _folder().name
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": f"-XX:TieredStopAtLevel=1 -Djava.io.tmpdir={folder} -Dderby.system.home={folder}",
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
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
