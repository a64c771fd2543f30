"""Small made-up files in the published shapes, on which to try the readers before the official ones are there."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.audit.figures import load
from cmhs_metrics.errors import BadInput, Problem, refuse
from cmhs_metrics.numeric.expected import size
from cmhs_metrics.published.formats import NATIONAL_COSTS
from cmhs_metrics.published.national_costs import CARE_CONTACT
from cmhs_metrics.published.sample_waits import MONTHS, community_waits
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

_ICBS, _PRACTICES = 42, 8

_ALLOCATION_COLUMNS = [
    "Practice_Code", "GP_Practice_Name", "Practice_Postcode", "Latitude", "Longitude", "CCG", "Former CCG", "PCN_Code",
    "PCN_Name", "LOC", "LOCname", "ICB", "ICBname", "Rcode", "Region", "LAD", "LTLA", "LA", "UTLA", "Patients",
    "Population", "G&A WP", "CS WP", "MH WP", "Mat WP", "Health Ineq WP", "Prescr WP", "Final WP",
    "Primary Medical Care WP", "Final PMC WP",
]  # fmt: skip
_WEIGHTED = [name for name in _ALLOCATION_COLUMNS if name.endswith(" WP")]

_SERVICES = {
    "A02": ("Crisis Resolution Team/Home Treatment Service", 2_000_000),
    "A05": ("Primary Care Mental Health Service", 700_000),
    "A06": ("Community Mental Health Team - Functional", 8_000_000),
    "A07": ("Community Mental Health Team - Organic", 800_000),
    "A08": ("Assertive Outreach Team", 150_000),
    "A09": ("Community Rehabilitation Service", 250_000),
    "A11": ("Psychiatric Liaison Service", 1_000_000),
    "A14": ("Early Intervention Team for Psychosis", 900_000),
    "A17": ("Memory Services/Clinic/Drop in service", 800_000),
    "A18": ("Single Point of Access Service", 500_000),
    "B01": ("Forensic Mental Health Service", 250_000),
    "C02": ("Specialist Perinatal Mental Health Community Service", 600_000),
    "C10": ("Community Eating Disorder Service", 650_000),
    "D04": ("Asylum Service", 3),
}
"""Codes of the Mental Health Services Data Set, their names, and a made-up number of contacts."""
_OTHER_SERVICES = (
    ("Mental Health Provider Spell", "200MHPS", "Acute Adult Mental Health Care", 5_000_000, 700.0),
    ("Mental Health Provider Spell", "201MHPS", "Adult Mental Health Rehabilitation", 1_000_000, 600.0),
    ("NHS Talking Therapy Care Contact", "01IAPT", "Assessment", 1_500_000, 170.0),
)


def sample_files(folder: str | os.PathLike[str], *, seed: int = 2024) -> Path:
    """Write small made-up files in the shapes of the official ones, to try the readers and your own code on.

    Parameters
    ----------
    folder : path
        Where to write them; made if it is not there.
    seed : int, default 2024
        Of the random draw: the same seed gives the same files.

    Returns
    -------
    pathlib.Path
        The folder, which then has

        - ``icb_allocations_2025_26.csv``, for `read_icb_allocations`: 42 synthetic ICBs of 8 practices each;
        - ``mhsds_4ww_2024_04.csv.gz``, ``…_05``, ``…_06``, for `read_mhsds_monthly`: community waits of England,
          these ICBs and 100 synthetic providers in April, May and June 2024;
        - ``ncc_2024_25_mental_health.csv``, for `read_national_costs`: 14 services, two kinds of ward and a talking
          therapy;
        - ``README.txt``, which says that nothing in them is real.

    Raises
    ------
    BadInput
        When the seed is no whole number from 0 on, or another file of one of these names is there: nothing is written
        over.

    Notes
    -----
    No place in them exists: every name begins with "Synthetic", every code of a place with "SYN", and every service
    ends with "(synthetic)". Columns, codes and names of measures, byte-order mark, empty columns, rounding and
    suppression are as in the published files; people who are weighted for need are as many as the registered ones. A
    practice stands for many. Rates vary about as much as the published ones, and somewhat with need. Costs are drawn
    around the audit's, with prices that rose by 3% a year.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: community waits; ICB place-based allocations; National Cost
    Collection. NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: CMHS Finance – Unit Costs.

    Examples
    --------
    >>> import tempfile
    >>> from cmhs_metrics.published import read_mhsds_monthly, sample_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     monthly = read_mhsds_monthly(sample_files(folder) / "mhsds_4ww_2024_06.csv.gz")
    >>> monthly["breakdown"].unique().tolist()
    ['England', 'ICB of GP Practice or Residence', 'Provider']
    >>> sorted(monthly["kind"].unique())
    ['exact', 'rounded to 5', 'rounded to a whole day', 'rounded to a whole per cent', 'suppressed']
    """
    there = Path(folder)
    names = [
        "icb_allocations_2025_26.csv",
        *(f"mhsds_4ww_2024_{month}.csv.gz" for month in MONTHS),
        "ncc_2024_25_mental_health.csv",
        "README.txt",
    ]
    refuse("sample_files", size("seed", seed))
    draw = np.random.default_rng(seed)
    people = 1_500_000 * draw.lognormal(-0.08, 0.4, _ICBS)
    need = draw.lognormal(0, 0.14, _ICBS)
    texts = [
        _text(_allocations(people, need, draw)),
        *(_text(rows) for rows in community_waits(people, need, draw)),
        _text(_costs(draw)),
        _README,
    ]
    # The allocations are published with a byte-order mark.
    contents = [
        text.encode("utf-8-sig" if name.startswith("icb") else "utf-8") for name, text in zip(names, texts, strict=True)
    ]
    files = {
        there / name: gzip.compress(content, mtime=0) if name.endswith(".gz") else content
        for name, content in zip(names, contents, strict=True)
    }
    others = [path for path, content in files.items() if path.exists() and path.read_bytes() != content]
    if others:
        expected = "no other file of that name: it would be written over"
        raise BadInput("sample_files", [Problem("folder", None, str(path), expected) for path in others])
    there.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        path.write_bytes(content)
    return there


_README = """\
SYNTHETIC FILES

Made up, in the shapes of files that NHS England publishes. No place, practice or provider in them exists, and no figure
in them was observed.
"""


def _text(rows: Iterable[Sequence[Any]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()


def _allocations(people: NDArray[np.float64], need: NDArray[np.float64], draw: Generator) -> Iterator[Sequence[Any]]:
    yield _ALLOCATION_COLUMNS
    registered = (people[:, None] * draw.dirichlet(np.full(_PRACTICES, 8.0), _ICBS)).ravel()
    weighted = {}
    for name in _WEIGHTED:
        # What weighs a service's need goes partly with mental health's.
        weight = np.repeat(need ** (1 if name == "MH WP" else 0.4), _PRACTICES) * draw.lognormal(
            0, 0.1, len(registered)
        )
        raised = registered * weight
        weighted[name] = raised * registered.sum() / raised.sum()
    for at, registered_here in enumerate(registered):
        icb = at // _PRACTICES + 1
        cells = {
            "Practice_Code": f"SYNY{at + 1:04}", "GP_Practice_Name": f"SYNTHETIC SURGERY {at + 1}",
            "Practice_Postcode": "ZZ99 3WZ", "Latitude": "0.0", "Longitude": "0.0",
            "ICB": f"SYN{icb:02}", "ICBname": f"Synthetic ICB {icb:02}",
            "LAD": f"SYND{icb:02}", "LTLA": f"Synthetic District {icb:02}",
            "Rcode": f"SYNR{icb % 7 + 1}", "Region": f"Synthetic Region {icb % 7 + 1}",
            "Population": f"{registered_here:.6f}", **{name: f"{each[at]:.6f}" for name, each in weighted.items()},
        }  # fmt: skip
        yield [cells.get(name, "") for name in _ALLOCATION_COLUMNS]


def _costs(draw: Generator) -> Iterator[Sequence[Any]]:
    yield list(NATIONAL_COSTS.columns)
    printed = {each.id: each.value for each in load("audit_2016_17")}
    for code, (name, activity) in _SERVICES.items():
        then = printed[f"finance.cost_profile.{TeamType.parse(code).value}.cost_per_contact"]
        contacts = float(activity if activity < 5 else round(activity * draw.lognormal(0, 0.05)))
        unit_cost = then * 1.03**8 * draw.lognormal(0, 0.12)
        yield [CARE_CONTACT, code, f"{name} (synthetic)", contacts, unit_cost, contacts * unit_cost]
    for department, code, name, activity, unit_cost in _OTHER_SERVICES:
        yield [department, code, f"{name} (synthetic)", float(activity), unit_cost, activity * unit_cost]
