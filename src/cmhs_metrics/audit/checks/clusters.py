"""Care clusters: the profile of the caseload, its trend and fall, and IAPT, to which it has moved."""

from __future__ import annotations

from cmhs_metrics.audit.check import Check
from cmhs_metrics.audit.checks.families import adds_to, between, highest, lowest, printed_again, share
from cmhs_metrics.numeric.ratio import ratio

CASELOAD = "caseload.england.caseload"
BANDS = ("1_3", "4_8", "10_17", "18_21")
YEARS = ("2012_13", "2013_14", "2014_15", "2015_16", "2016_17")


def clusters() -> list[Check]:
    """Care clusters: the profile, its trend, and the fall in caseload."""
    shares = "clusters.profile"
    snapshot = f"{shares}_2016_17"
    unclustered = f"{snapshot}.unclustered"
    groups = [f"{snapshot}.{group}" for group in ("non_psychosis_1_8", "psychosis_10_17", "organic_18_21")]
    checks = [adds_to("The profile adds to 100%", 100, [unclustered, *groups])]
    for year in YEARS:
        checks.append(
            adds_to(f"Shares add to 100%: {year.replace('_', '/')}", 100, [f"{shares}.{band}.{year}" for band in BANDS])
        )
    for page, first, last in (("text", "2012", "2017"), ("iapt_page", "2012", "2017")):
        for band in ("1_3", "4_8", "18_21") if page == "text" else ("1_3",):
            checks += printed_again(f"clusters.{page}.{band}.{first}", f"{shares}.{band}.2012_13")
            checks += printed_again(f"clusters.{page}.{band}.{last}", f"{shares}.{band}.2016_17")
    by_year = {band: [f"{shares}.{band}.{year}" for year in YEARS] for band in BANDS}
    checks += [
        Check(
            "“Psychosis has remained generally steady at 33%”: the mean of five years",
            "clusters.text.10_17",
            tuple(by_year["10_17"]),
            "({0} + {1} + {2} + {3} + {4}) ÷ 5",
            lambda *values: sum(values) / len(values),
            additive=True,
        ),
        *between("“Psychosis has remained generally steady at 33%”", "clusters.text.10_17", by_year["10_17"]),
        highest("Clusters 1–3 have fallen", f"{shares}.1_3.2012_13", by_year["1_3"]),
        highest("Clusters 4–8 have grown", f"{shares}.4_8.2016_17", by_year["4_8"]),
        lowest("Organic clusters have fallen", f"{shares}.18_21.2016_17", by_year["18_21"]),
    ]
    for group, band in (("psychosis_10_17", "10_17"), ("organic_18_21", "18_21")):
        checks.append(
            Check(
                f"Share of the clustered, from the profile: clusters {band.replace('_', '–')}",
                f"{shares}.{band}.2016_17",
                (f"{snapshot}.{group}", unclustered),
                "{0} ÷ (100% − {1})",
                lambda part, without: share(part, 100 - without),
            )
        )
    checks.append(
        Check(
            "Share of the clustered, from the profile: clusters 4–8",
            f"{shares}.4_8.2016_17",
            (f"{snapshot}.non_psychosis_1_8", unclustered, f"{shares}.1_3.2016_17"),
            "{0} ÷ (100% − {1}) − {2}",
            lambda part, without, mild: share(part, 100 - without) - mild,
        )
    )
    return checks


def fewer_patients() -> list[Check]:
    """The fall in caseload between 2014/15 and 2016/17, by cluster."""
    shares, change = "clusters.profile", "clusters.change"
    without = f"{shares}_2016_17.unclustered"
    now = [f"{shares}.{band}.2016_17" for band in BANDS]
    then = [f"{shares}.{band}.2014_15" for band in BANDS]
    fall = f"{change}.10_17.caseload_reduction"

    def clustered(patients: float, unclustered: float) -> float:
        return patients * (100 - unclustered) / 100

    def clustered_then(patients: float, unclustered: float, psychosis: float, before: float, fewer: float) -> float:
        return ratio(clustered(patients, unclustered) * psychosis / 100 + fewer, before, 100)

    def fall_of_all(patients: float, unclustered: float, psychosis: float, before: float, fewer: float) -> float:
        earlier = clustered_then(patients, unclustered, psychosis, before, fewer)
        return share(earlier - clustered(patients, unclustered), earlier)

    def growth_of_the_rest(
        patients: float, unclustered: float, psychosis: float, before: float, fewer: float, *others: float
    ) -> float:
        mild, severe, mild_before, severe_before, fewer_3_4 = others
        earlier = clustered_then(patients, unclustered, psychosis, before, fewer) * (mild_before + severe_before)
        return fewer_3_4 - (earlier - clustered(patients, unclustered) * (mild + severe)) / 100

    known = (CASELOAD, without, now[2], then[2], fall)
    clustered_before = "({0} × (100% − {1}) × {2} + {4}) ÷ {3}"
    largest = f"{change}.3_4.caseload_reduction"
    return [
        *printed_again(largest, f"{largest}.summary"),
        *printed_again(fall, f"{change}.psychosis.caseload_reduction.summary"),
        Check(
            "Fall in all clusters, from psychosis", None, known, f"1 − {{0}} × (100% − {{1}}) ÷ ({clustered_before})",
            fall_of_all, unit="percent",
        ),
        Check(
            "Fall in psychosis", None, (fall, CASELOAD, f"{shares}_2016_17.psychosis_10_17"), "{0} ÷ ({1} × {2} + {0})",
            lambda fewer, patients, rate: share(fewer, patients * rate / 100 + fewer), unit="percent",
            note="More than the fall in all clusters, but said to be “least marked in psychosis clusters 10-17”.",
        ),
        Check(
            "Growth in clusters 1, 2 and 5–8, from the fall in 3 and 4",
            None,
            (*known, now[0], now[1], then[0], then[1], largest),
            f"{{9}} − {clustered_before} × ({{7}} + {{8}}) + {{0}} × (100% − {{1}}) × ({{5}} + {{6}})",
            growth_of_the_rest,
            unit="patient",
            note="Against “an overall downsizing of community caseloads across most care clusters”.",
        ),
    ]  # fmt: skip


def iapt() -> list[Check]:
    """IAPT, the alternative to which caseload has moved."""
    patients = "iapt.england.patients"
    return printed_again(patients, *(f"{patients}.{page}" for page in ("caseload_page", "almost", "summary")))


CHECKS = (*clusters(), *fewer_patients(), *iapt())
