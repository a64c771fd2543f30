"""Made-up community waits in the shape of the MHSDS monthly files: true counts are drawn, added up, then published."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.published.formats import MHSDS_MONTHLY
from cmhs_metrics.published.places_in_files import ICB, WITHOUT_PLACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

MONTHS = {"04": ("02", "30"), "05": ("03", "31"), "06": ("04", "30")}
"""The months of 2024, each with the first of the three that end with it, and its last day."""

_PROVIDERS = 100


@dataclass(frozen=True)
class _Measure:
    """A published measure: its count, or of what it is a percentage or a wait."""

    words: str
    count: str = ""
    of: str = ""
    quarter: bool = False
    days: float = 0.0


def community_waits(
    people: NDArray[np.float64], need: NDArray[np.float64], draw: Generator
) -> Iterator[list[Sequence[Any]]]:
    """The rows of a file for each month, of ICBs with these people and this need."""
    rate = 0.0078 * need**0.6 * draw.lognormal(-0.07, 0.38, len(people))
    icb, provider, spells = _who_goes_where(people * rate, draw)
    slowness = draw.lognormal(0, 0.25, len(icb))
    everywhere = np.ones(len(icb), dtype=bool)
    places = [("England", "England", "England", everywhere)]
    for at in range(len(people)):
        places.append((ICB, f"SYN{at + 1:02}", f"SYNTHETIC ICB {at + 1:02}", icb == at))
    places.append((ICB, WITHOUT_PLACE, WITHOUT_PLACE, icb == len(people)))
    for at in range(_PROVIDERS):
        places.append(("Provider", f"SYNP{at + 1:02}", f"SYNTHETIC PROVIDER {at + 1:02}", provider == at))
    wait = 100 * draw.lognormal(0, 0.25, len(places))
    for month, (first, last) in MONTHS.items():
        rows: list[Sequence[Any]] = [list(MHSDS_MONTHLY.columns)]
        spells = spells * 1.01
        groups = [
            (_measures("CMH", 1, "2nd"), _counts(spells, slowness, draw)),
            (_measures("CYP", 8, "1st"), _counts(1.3 * spells, slowness, draw)),
        ]
        for (breakdown, code, name, held), days in zip(places, wait, strict=True):
            for measures, counts in groups:
                here = {key: int(count[held].sum()) for key, count in counts.items()}
                for measure_id, measure in measures.items():
                    start = f"01/{first if measure.quarter else month}/2024"
                    keys = [start, f"{last}/{month}/2024", "Performance", breakdown, code, name, "NONE", "NONE"]
                    value = _exact if breakdown == "England" else _published
                    rows.append([*keys, measure_id, measure.words, value(measure, here, days)])
        yield rows


def _who_goes_where(open_spells: NDArray[np.float64], draw: Generator) -> tuple[NDArray[Any], ...]:
    """ICB, provider and expected spells: most with the ICB's own provider, some with the next, few with small ones."""
    icbs = len(open_spells)
    own, small = np.arange(icbs), np.arange(icbs, _PROVIDERS)
    icb = np.concatenate([own, own, small % icbs, [icbs]])
    provider = np.concatenate([own, (own + 1) % icbs, small, [0]])
    few = draw.lognormal(2.5, 1.5, len(small))
    return icb, provider, np.concatenate([0.92 * open_spells, 0.08 * open_spells, few, [400.0]])


def _counts(spells: NDArray[np.float64], slowness: NDArray[np.float64], draw: Generator) -> dict[str, NDArray[Any]]:
    """True counts of referral-spells, each part drawn from its whole."""
    opened = draw.poisson(spells)
    waiting = draw.binomial(opened, 0.75)
    contact = draw.binomial(opened, 0.33)
    stopped = draw.poisson(0.033 * spells)
    counts = {
        "open": opened, "waiting": waiting, "contact": contact, "stopped": stopped,
        "in four weeks": draw.binomial(stopped, 0.1), "started": draw.poisson(0.35 * spells),
        "closed": draw.poisson(0.32 * spells),
    }  # fmt: skip
    for whole, share in (("waiting", 0.38), ("contact", 0.22)):
        part = counts[whole]
        for weeks, kept in ((52, np.minimum(share * slowness, 0.9)), (78, 0.7), (104, 0.75)):
            part = draw.binomial(part, kept)
            counts[f"{whole} {weeks}"] = part
    return counts


def _measures(group: str, first: int, contact: str) -> dict[str, _Measure]:
    """The published measures of adults' (CMH) or of children and young people's (CYP) community services."""
    ids = [f"MRS{first + step:02}" for step in range(7)]
    spells, end = f"{group} referral-spells", "at the end of the RP"
    fast = f"{spells} receiving a full clock stop in less than 4 weeks in the RP"
    seeing = f"open {spells} waiting for a {contact} contact {end}"
    measures = {
        ids[0]: _Measure(f"Number of {spells} receiving a full clock stop in the RP", "stopped", quarter=True),
        f"{ids[0]}a": _Measure(f"Number of {fast}", "in four weeks", quarter=True),
        f"{ids[0]}b": _Measure(f"Proportion of {fast}", "in four weeks", "stopped", quarter=True),
        ids[1]: _Measure(f"Number of {spells} waiting for a full clock stop that were still open {end}", "waiting"),
        ids[2]: _Measure(f"Number of {seeing}", "contact"),
        f"{ids[2]}a": _Measure(f"Median time (days) for {seeing}", of="contact", days=1.0),
        f"{ids[2]}b": _Measure(f"90th percentile time (days) for {seeing}", of="contact", days=7.5),
        ids[3]: _Measure(f"Number of {spells} that started in the RP", "started", quarter=True),
        ids[4]: _Measure(f"Number of {spells} that closed in the RP", "closed", quarter=True),
        ids[5]: _Measure(f"Number of {spells} that were still open {end}", "open"),
    }
    for family, whole, what in ((ids[1], "waiting", "full clock stop"), (ids[6], "contact", f"a {contact} contact")):
        for weeks, number, percentage in ((104, "a", "b"), (78, "c", "d"), (52, "e", "f")):
            words = f"{spells} waiting more than {weeks} weeks for {what} that were still open {end}"
            part = f"{whole} {weeks}"
            measures[family + number] = _Measure(f"Number of {words}", part)
            measures[family + percentage] = _Measure(f"Proportion of {words}", part, whole)
    return dict(sorted(measures.items()))


def _exact(measure: _Measure, here: Mapping[str, int], days: float) -> str:
    if measure.days:
        return str(round(days * measure.days))
    if measure.of:
        return f"{100 * here[measure.count] / here[measure.of]:.8g}"
    return str(here[measure.count])


def _published(measure: _Measure, here: Mapping[str, int], days: float) -> str:
    """The rule of publication: what is of fewer than 5 is hidden, counts are to the nearest 5, percentages whole."""
    if any(here[name] < 5 for name in (measure.count, measure.of) if name):
        return "*"
    if measure.days:
        return _exact(measure, here, days)
    if measure.of:
        return str(math.floor(100 * here[measure.count] / here[measure.of] + 0.5))
    return str(5 * math.floor(here[measure.count] / 5 + 0.5))
