"""Policy as data: every entry has a source, a date and a certainty, and a date says what was in force."""

from __future__ import annotations

import datetime
import re

import pytest

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.policies import CERTAINTIES, KINDS
from cmhs_metrics.synonyms import NO_LONGER_COLLECTED, PUBLISHED_AS
from tests.support.refusals import raised

ENTRIES = cm.policy()
IDS = sorted(ENTRIES.index)


def test_there_are_as_many_as_were_asked_for() -> None:
    assert len(ENTRIES) >= 60
    assert ENTRIES.index.is_unique
    assert set(ENTRIES["kind"]) == set(KINDS)


@pytest.mark.parametrize("entry", IDS)
def test_each_has_a_source_a_date_and_a_certainty(entry: str) -> None:
    row = ENTRIES.loc[entry]
    assert row["name"]
    assert re.fullmatch(r"[^,:]+, .+ \([^)]*20[^)]*\): .+", row["source"]), "publisher, title (date): place"
    assert re.fullmatch(r"(by )?20\d\d-\d\d(-\d\d)?", row["since"])
    assert re.fullmatch(r"|20\d\d-\d\d", row["ended"])
    assert bool(row["ended"]) == bool(row["ended_by"])
    assert row["certainty"] in CERTAINTIES
    assert row["direction"] in ("higher is better", "lower is better", "neither")


def test_what_is_unverified_says_so() -> None:
    unverified = ENTRIES[ENTRIES["certainty"] == "unverified"]
    assert unverified["note"].str.contains("[unverified]", regex=False).all()
    assert set(ENTRIES.index[ENTRIES["kind"] == "oversight metric"]) <= set(unverified.index)
    # The framework of October 2025, whose numbers could not be read.
    assert set(ENTRIES.index[ENTRIES["source"].str.contains("Medium Term")]) <= set(unverified.index)
    for metric in CATALOGUE.values():
        marked = "[unverified]" in " ".join((*metric.published_as, *metric.caveats))
        assert (metric.status == "partly unverified") == (marked and metric.name not in NO_LONGER_COLLECTED)


class TestWhatIsInForce:
    def test_by_hand(self) -> None:
        # Access was asked for until the guidance of 2025/26; support teams in schools since October 2025.
        assert "access" in cm.policy("2025-03").index
        assert "access" not in cm.policy("2025-04").index
        assert "school_teams" not in cm.policy("2025-10").index
        assert "school_teams" in cm.policy("2025-11").index
        assert "school_teams" in cm.policy(datetime.date(2025, 10, 24)).index
        # The early intervention standard: from April 2016.
        assert "eip_two_weeks" not in cm.policy("2016-03").index
        assert "eip_two_weeks" in cm.policy("2016/17").index
        # Individual Placement and Support was to reach 55,000 people by 2023/24.
        assert "ips" in cm.policy("2024-03").index
        assert "ips" not in cm.policy("2024-04").index
        assert cm.policy().loc["ips", "ended_by"] == "its date has passed: by 2023/24"
        # MRS22 is published since March 2025; of others it is only known that they were by September 2025.
        assert (
            cm.policy("2025-02", kind="national measure").index.tolist()
            == cm.policy("2024-06", kind="national measure").index.tolist()
        )
        assert {"MRS15", "MRS20", "MRS21", "MRS22"} <= set(cm.policy("2025-03").index)

    def test_bad_arguments_are_refused_together(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            cm.policy("next year", kind="targets")
        assert {problem.column for problem in caught.value.problems} == {"at", "kind"}

    def test_what_is_given_may_be_changed(self) -> None:
        mine = cm.policy()
        mine["name"] = ""
        assert cm.policy()["name"].all()


class TestNationalIds:
    def test_lead_both_ways(self) -> None:
        for name, ids in PUBLISHED_AS.items():
            assert name in CATALOGUE or name in MEASURES
            for each in ids:
                bare = each.removesuffix(" [unverified]")
                if name in CATALOGUE:
                    assert cm.describe(bare) is cm.describe(bare.lower()) is CATALOGUE[name]
                    assert cm.list_metrics(bare).index.tolist() == [name]
                if bare in ENTRIES.index:
                    assert ENTRIES.loc[bare, "metric"] == name
                else:
                    # Of the pipelines of early intervention and follow-up, and people in contact.
                    assert bare[:3] in ("EIP", "MHS")

    def test_a_share_is_published_of_the_measures_that_it_is_computed_from(self) -> None:
        rows = ENTRIES[(ENTRIES["kind"] == "national measure") & (ENTRIES["denominator"] != "")]
        checked = 0
        for _, row in rows.iterrows():
            metric = CATALOGUE.get(row["metric"])
            if metric is None or metric.contract.many:
                continue
            for of, sides in ((row["numerator"], metric.numerator), (row["denominator"], metric.denominator)):
                names = {name for name in sides if name in PUBLISHED_AS}
                assert not names or of in {each for name in names for each in PUBLISHED_AS[name]}, row.name
                checked += bool(names)
        assert checked > 15

    def test_the_id_of_a_measure_names_the_measure(self) -> None:
        with raised(KeyError, "MHS108", "people_accessing"):
            cm.describe("MHS108")
