"""What pyproject.toml claims is what is tested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[1]
CLAIMED = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TOOLS = {
    "basedpyright", "import-linter", "ipykernel", "mkdocs", "mkdocs-material", "mkdocstrings", "mypy", "nbclient",
    "pandas-stubs", "pyspark", "ruff",
}  # fmt: skip
"""What builds and checks the project; nobody who uses it installs them. PySpark is tested in an environment of its own."""


def lower_bounds() -> dict[str, tuple[int, ...]]:
    needed = [
        *CLAIMED["dependencies"],
        *(line for extra in CLAIMED["optional-dependencies"].values() for line in extra),
    ]
    found: dict[str, tuple[int, ...]] = {}
    for line in needed:
        name, _, bound = line.partition(">=")
        name = re.sub(r"\[.*\]", "", name)
        if name not in TOOLS and name != "cmhs_metrics":
            assert bound, f"{line} has no lowest version"
            assert found.setdefault(name, version(bound)) == version(bound), f"{name} has two lowest versions"
    return found


def version(text: str) -> tuple[int, ...]:
    """The parts of a version, without zeros at the end: 1.26 is 1.26.0."""
    parts = [int(part) for part in text.split(",")[0].split(".")]
    while parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def test_the_lowest_versions_that_are_tested_are_those_that_are_allowed() -> None:
    lines = (PROJECT / ".ci" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert {name: version(text) for name, text in tested.items()} == lower_bounds()


def test_the_pythons_that_are_claimed_are_those_that_are_tested() -> None:
    claimed = {
        found[1]
        for line in CLAIMED["classifiers"]
        if (found := re.fullmatch(r".*Python :: (3\.\d+)", line)) is not None
    }
    script = (PROJECT / ".ci" / "versions").read_text(encoding="utf-8")
    assert claimed <= set(re.findall(r"\b3\.\d\d\b", script))
    assert min(claimed, key=version) == CLAIMED["requires-python"].removeprefix(">=")
    least, most = min(claimed, key=version), max(claimed, key=version)
    for page in ("README.md", "docs/index.md"):
        text = (PROJECT / page).read_text(encoding="utf-8")
        assert f"Python {least} to {most}" in text, f"{page} names other versions of Python than {least} to {most}"
