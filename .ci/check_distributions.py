"""Check a wheel and a source distribution: what is in them, what they say of themselves, and that they come out alike.

Run as ``python .ci/check_distributions.py DIRECTORY``, from the top of the project, with build, twine and packaging
installed. The directory holds one of each, built from this tree; SOURCE_DATE_EPOCH is that of their build.
"""

import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

from packaging.metadata import Metadata

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "src" / "cmhs_metrics"
KINDS = {".py", ".typed", ".csv", ".css", ".js", ".html", ".json"}
"""What the package is made of: code, the audit's figures, and what a page that it writes needs."""
AT_TOP = {"CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "README.md", "mkdocs.yml", "pyproject.toml"}
BESIDE = {"PKG-INFO", ".gitignore"}
FOLDERS = {"src", "tests", "docs", ".ci"}
MOST = {".whl": 1_100_000, ".gz": 2_000_000}
"""In bytes. It is code and a few hundred printed figures: what is larger holds a file that does not belong there."""
LARGEST_FILE = 250_000
"""In bytes, of one file in the package: the audit's figures are 120 kB; official files are megabytes."""


def tree(folder: Path) -> dict[str, bytes]:
    """The files under a folder that are no one's cache, by their path from there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(folder).parts)
    }


def check_wheel(path: Path) -> None:
    """The package as it stands in src, the licence, and nothing else."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    ours = {name.removeprefix("cmhs_metrics/"): data for name, data in held.items() if name.startswith("cmhs_metrics/")}
    expected = tree(PACKAGE)
    assert ours == expected, f"the wheel differs from src: {sorted(ours.keys() ^ expected.keys())}"
    for name, data in ours.items():
        assert PurePosixPath("x" + name).suffix in KINDS, f"{name}: say in {Path(__file__).name} why it is there"
        assert len(data) <= LARGEST_FILE, f"{name} has {len(data):,} bytes"
    assert "py.typed" in ours
    info = {name.partition("/")[2] for name in held.keys() - {f"cmhs_metrics/{name}" for name in ours}}
    assert info == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}, info
    (metadata,) = (data for name, data in held.items() if name.endswith(".dist-info/METADATA"))
    check_metadata(metadata)
    assert held[next(n for n in held if n.endswith("LICENSE"))] == (PROJECT / "LICENSE").read_bytes()


def check_metadata(text: bytes) -> None:
    """What the wheel says of itself is what pyproject.toml says, in a form that an index accepts."""
    claimed = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = Metadata.from_email(text, validate=True)
    assert str(found.requires_python) == claimed["requires-python"]
    assert set(found.provides_extra or []) == set(claimed["optional-dependencies"])
    assert set(found.classifiers or []) == set(claimed["classifiers"])
    assert found.license_expression == claimed["license"]
    assert found.license_files == claimed["license-files"]
    assert found.summary == claimed["description"]
    assert found.description_content_type == "text/markdown"
    assert (found.description or "").strip() == (PROJECT / "README.md").read_text(encoding="utf-8").strip()
    needed = {need.name for need in found.requires_dist or [] if need.marker is None}
    assert needed == {"numpy", "pandas", "pint", "scipy", "narwhals"}, needed
    changes = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{found.version}]" in changes, f"CHANGELOG.md has nothing on {found.version}"
    cited = (PROJECT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f"version: {found.version}" in [line.replace('"', "") for line in cited]


def check_source(path: Path) -> None:
    """Everything that the tests need, as it stands in the tree, and no data that is not ours."""
    with tarfile.open(path) as archive:
        held = {
            member.name.partition("/")[2]: archive.extractfile(member).read()  # type: ignore[union-attr]
            for member in archive.getmembers()
            if member.isfile()
        }
    at_top = {name for name in held if "/" not in name}
    assert at_top <= AT_TOP | BESIDE, at_top
    assert at_top >= AT_TOP, AT_TOP - at_top
    assert {name.partition("/")[0] for name in held.keys() - at_top} == FOLDERS
    for folder in ("src", "tests", "docs"):
        mine = {name: data for name, data in held.items() if name.startswith(f"{folder}/")}
        assert mine == {f"{folder}/{name}": data for name, data in tree(PROJECT / folder).items()}, folder
    allowed = KINDS | {".md", ".txt", ".ipynb", ".sql", ".toml"}
    odd = [name for name in held if name.startswith(("tests/", "docs/")) and Path(name).suffix not in allowed]
    assert not odd, f"no source, page or small example: {odd}"


def build(into: Path, *options: str) -> dict[str, bytes]:
    """Build both distributions once more."""
    command = [sys.executable, "-m", "build", "--quiet", *options, "--outdir", str(into), str(PROJECT)]
    subprocess.run(command, check=True)
    return {path.name: path.read_bytes() for path in sorted(into.iterdir())}


def main(directory: Path) -> None:
    """Check the two distributions of a directory."""
    built = {path.suffix: path for path in directory.iterdir()}
    assert set(built) == {".whl", ".gz"}, sorted(map(str, built.values()))
    for suffix, path in built.items():
        size = path.stat().st_size
        assert size <= MOST[suffix], f"{path.name} has {size:,} bytes, at most {MOST[suffix]:,}"
        print(f"{path.name}: {size:,} bytes")
    check_wheel(built[".whl"])
    check_source(built[".gz"])
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *map(str, built.values())], check=True)
    given = {path.name: path.read_bytes() for path in built.values()}
    with tempfile.TemporaryDirectory() as work:
        # The given wheel was made from the source distribution, as build does; this one is made from the tree itself.
        again = build(Path(work, "again"), "--sdist", "--wheel")
    assert again.keys() == given.keys()
    for name, data in given.items():
        assert again[name] == data, f"{name} comes out otherwise the second time, or from the tree"
    print("the distributions hold what they should, and come out the same twice")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
