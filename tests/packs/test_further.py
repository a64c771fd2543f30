"""Funnels, the map, and periods that are pooled."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import pandas as pd
import pytest

import cmhs_metrics as cm
from tests.support.pages import Tags, downloads, said
from tests.support.refusals import refused

CODES = ["QUE", "QJG", "QH8", "QYG", "QE1", "QF7", "QGH", "QHG", "QHL", "QHM", "QJ2", "QJK"]
ICBS = pd.DataFrame(
    {
        "icb": CODES,
        "caseload": [1000.0] * 11 + [4000.0],
        "contacts": [1000.0] * 12,
        "face_to_face_contacts": [500.0] * 10 + [300.0, 700.0],
    }
)
PEOPLE = pd.DataFrame({"icb": CODES, "weighted_population": [100_000.0] * 12})


class TestFunnels:
    def test_by_hand(self) -> None:
        """Ten of twelve are at a half of 1,000: z is 0 for these, and far out for 300 and 700."""
        made = said(ICBS, PEOPLE, focus=["QUE"])
        told = next(each for each in made.findings if each.kind == "funnel" and each.metric == "face_to_face_share")
        assert told.sentence.startswith("Face-to-face share of contacts, funnel about 50.0%: of 12 ICBs, ")
        assert "QUE is within the limits." in told.sentence
        assert told.sentence.endswith("Limits are widened for over-dispersion (additive method).")
        assert told.figures["target"] == 0.5

    def test_names_agree_with_the_library_s_funnel(self) -> None:
        from cmhs_metrics.variation import funnel

        made = cm.pack(ICBS, PEOPLE, focus=["QUE", "QJK"], charts=False)
        told = next(each for each in made.findings if each.kind == "funnel" and each.metric == "caseload_per_100k")
        counts, people = ICBS["caseload"].to_numpy(), PEOPLE["weighted_population"].to_numpy()
        words = dict(zip(CODES, funnel("rate", counts, people, adjustment="additive").outlier, strict=True))
        assert words["QJK"].startswith("above")
        side = f"above the {words['QJK'].split()[1]} limits"
        assert f"1 {side} (QJK)" in told.sentence
        assert f"QUE is within the limits; QJK is {side}." in told.sentence
        assert "Additive over-dispersion" not in made.html
        assert "additive over-dispersion, Spiegelhalter 2005" in made.html

    def test_limits_stand_in_the_table_and_the_download(self) -> None:
        made = cm.pack(ICBS, PEOPLE, charts=False)
        rows = list(csv.DictReader(io.StringIO(downloads(made.html)["cmhs-caseload-per-100k-funnel.csv"])))
        assert [row["place"] for row in rows] == sorted(CODES)
        assert all(float(row["lower_99_8"]) <= float(row["lower_95"]) <= 1250 for row in rows)

    @pytest.mark.parametrize("hidden", [math.nan, 500.0])
    def test_none_of_counts_that_are_hidden_or_rounded(self, hidden: float) -> None:
        bounds = {"face_to_face_contacts_lower": 498.0, "face_to_face_contacts_upper": 502.0}
        table = ICBS.assign(**dict.fromkeys(bounds, ICBS["face_to_face_contacts"]))
        table.loc[0, ["face_to_face_contacts", *bounds]] = [hidden, *bounds.values()]
        made = said(table, PEOPLE)
        assert [each.metric for each in made.findings if each.kind == "funnel"] == ["caseload_per_100k"]
        why = [each.why for each in made.not_shown if each.what == "Charts of funnels"]
        assert why[0].endswith("This holds for: Face-to-face share of contacts.")

    def test_none_of_few_places(self) -> None:
        made = said(ICBS.head(9), PEOPLE.head(9))
        assert not [each for each in made.findings if each.kind == "funnel"]


class TestTheMap:
    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> cm.packs.Pack:
        pytest.importorskip("matplotlib", reason="charts need matplotlib")
        return cm.pack(ICBS[["icb", "caseload"]].head(9), PEOPLE.head(9), focus="QUE")

    def test_is_of_the_first_rate(self, made: cm.packs.Pack) -> None:
        maps = [each for each in Tags(made.html).of("svg") if each.get("aria-labelledby", "").startswith("map-")]
        assert len(maps) == 1
        assert maps[0]["aria-labelledby"].startswith("map-caseload_per_100k-weighted")
        text = made.html[made.html.index('<desc id="map-') :].split("</desc>")[0]
        assert "QUE" in text or "Cambridgeshire" in text

    def test_every_name_is_there_once(self, made: cm.packs.Pack) -> None:
        ids = [attributes["id"] for _, attributes in Tags(made.html).all if "id" in attributes]
        assert len(ids) == len(set(ids))

    def test_is_of_no_other_places(self) -> None:
        pytest.importorskip("matplotlib", reason="charts need matplotlib")
        few = [each[["icb", each.columns[1]]].tail(3).replace({"icb": {"QJK": "X"}}) for each in (ICBS, PEOPLE)]
        made = cm.pack(*few)
        assert "map-caseload" not in made.html


class TestPooledPeriods:
    MONTHS = pd.concat(
        [
            pd.DataFrame(
                {"icb": ["A", "B"], "period": f"{2024 + (month > 12)}-{(month - 1) % 12 + 1:02}",
                 "caseload": [100.0 + month, 200.0], "contacts": [50.0, 100.0], "total_cost": [1e3, 2e3]}
            )
            for month in range(4, 16)
        ]
    )  # fmt: skip
    PEOPLE = pd.DataFrame({"icb": ["A", "B"], "registered_population": [10_000.0, 10_000.0]})

    def value(self, made: Any, metric: str, place: str = "A") -> float:
        return next(each.figures["value"] for each in made.findings if each.metric == metric and each.place == place)

    def test_twelve_months_make_a_year(self) -> None:
        # The last caseload is 115, the mean 109.5; twelve months of 50 contacts are 600.
        last = cm.pack(self.MONTHS, self.PEOPLE, focus="A", over_time="last", charts=False)
        assert self.value(last, "caseload_per_100k") == 1150
        assert self.value(last, "contacts_per_100k") == 6000
        assert self.value(last, "contacts_per_patient") == pytest.approx(600 / 115)
        mean = said(self.MONTHS, self.PEOPLE, focus=["A"], over_time="mean")
        assert self.value(mean, "caseload_per_100k") == 1095
        assert "A, one of 2 ICBs, April 2024 to March 2025" in last.html
        assert not [each for each in last.findings if each.kind == "trend"]

    def test_without_it_the_last_month_is_shown(self) -> None:
        made = cm.pack(self.MONTHS, self.PEOPLE, focus="A", charts=False)
        assert self.value(made, "contacts_per_100k") == 500
        assert "one of 2 ICBs, March 2025" in made.html

    def test_eleven_months_make_none(self) -> None:
        table = self.MONTHS[~((self.MONTHS["icb"] == "A") & (self.MONTHS["period"] == "2024-04"))]
        table = pd.concat([table, self.MONTHS.tail(2).assign(icb=["C", "D"])])
        people = pd.DataFrame({"icb": list("ABCD"), "registered_population": 1e4})
        full = pd.concat([self.MONTHS.assign(icb=self.MONTHS["icb"].map({"A": "E", "B": "F"})), table])
        people = pd.concat([people, people.head(2).assign(icb=["E", "F"])])
        held = said(full, people, focus=["A"], over_time="last")
        told = next(each for each in held.findings if each.metric == "contacts_per_patient" and each.place == "A")
        assert (told.kind, told.figures) == ("absent", {})
        assert told.sentence.endswith("not known: its periods do not make up one year.")
        # Eleven months of contacts are no year's, and a rate of them would be read beside those of twelve.
        rate = next(each for each in held.findings if each.metric == "contacts_per_100k" and each.place == "A")
        assert (rate.kind, rate.figures) == ("absent", {})

    def test_types_of_team_are_pooled_too(self) -> None:
        table = pd.concat([self.MONTHS.assign(team_type=each) for each in ("CRHT", "EIP")])
        made = said(table, self.PEOPLE, focus=["A"], over_time="last")
        told = next(each for each in made.findings if each.kind == "profile" and each.metric == "contacts")
        assert told.sentence == "Contacts by team type, A: the largest parts are CRHT and EIP with each 50.0%."

    @pytest.mark.filterwarnings("ignore::cmhs_metrics.TableNote")
    def test_types_of_team_that_cover_no_year_have_no_metric_of_one(self) -> None:
        table = pd.concat([self.MONTHS.assign(team_type=each) for each in ("CRHT", "EIP")], ignore_index=True)
        table = table.drop(table.index[(table["team_type"] == "EIP") & (table["period"] == "2024-04")])
        made = said(table, self.PEOPLE, focus=["A"], over_time="last")
        told = {each.metric for each in made.findings if each.kind == "team types"}
        assert "cost_per_contact" in told
        assert "contacts_per_patient" not in told
        why = "Of whole years, which some teams do not cover: Contacts per patient per year."
        assert why in [each.why for each in made.not_shown]

    def test_asks_for_one_thing_only(self) -> None:
        with refused("period", "2024-04", names="over_time"):
            cm.pack(self.MONTHS, over_time="last", period="2024-04")
        with refused("over_time", expected="a column", names="period"):
            cm.pack(self.MONTHS.head(2).drop(columns="period"), over_time="last")
        with refused("caseload", "12 periods", names=("over_time", "last", "mean")):
            cm.pack(self.MONTHS, over_time="sum")
