"""The page: whole, safe, the same each time, and silent on what is suppressed."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import cmhs_metrics as cm
from cmhs_metrics.packs import building
from cmhs_metrics.packs.building import SAMPLE_FOCUS, SAMPLE_PEERS
from cmhs_metrics.synthetic import synthetic_providers
from tests.support import official_data
from tests.support.budgets import with_deep
from tests.support.pages import Tags, downloads, said, stands_in
from tests.support.refusals import ANY, refused

TEAMS = pd.DataFrame(
    {
        "icb": ["QUE", "QJG", "QH8", "QYG"],
        "caseload": [1500.0, 1200.0, 900.0, 1900.0],
        "contacts": [15_000.0, 14_000.0, 9_000.0, 22_000.0],
        "total_cost": [3e6, 2.5e6, 2e6, 4.1e6],
    }
)
PEOPLE = pd.DataFrame(
    {
        "icb": ["QUE", "QJG", "QH8", "QYG"],
        "icb_name": ["Fenland ICB", "Coast ICB", "Hill ICB", "River ICB"],
        "weighted_population": [1e5] * 4,
        "registered_population": [1.1e5, 0.9e5, 1e5, 1e5],
        "Other WP": [1, 2, 3, 4],
    }
)


@pytest.fixture(scope="module", params=with_deep(["of a part"], "whole"))
def sample(request: pytest.FixtureRequest) -> cm.packs.Pack:
    """The sample: every day of 21 of its places, so that dots stand in two halves, and of few types and measures."""
    pytest.importorskip("matplotlib", reason="charts need matplotlib")
    whole = synthetic_providers()
    kept = {*SAMPLE_FOCUS, *SAMPLE_PEERS, *sorted(whole["icb"].unique())[:21]}
    others = ["total_cost", "face_to_face_contacts", "referrals", "referrals_accepted", "wte"]
    types = whole["team_type"].unique()[:3]
    part = whole[whole["icb"].isin(kept) & whole["team_type"].isin(types)].drop(columns=others)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "of a part":
            patch.setattr(building, "synthetic_providers", lambda: part)
        return cm.pack()


@pytest.fixture(scope="module")
def own() -> cm.packs.Pack:
    return cm.pack(TEAMS, PEOPLE, focus="QUE", peers=["QJG", "QH8"], source="A survey", charts=False)


class TestTheSample:
    def test_says_so_at_the_top(self, sample: cm.packs.Pack) -> None:
        assert "A sample." in sample.html.split("<nav")[0]

    def test_is_small_enough_to_send(self, sample: cm.packs.Pack) -> None:
        assert len(sample.html.encode()) < 5_000_000

    def test_loads_nothing_and_runs_nothing(self, sample: cm.packs.Pack) -> None:
        tags = Tags(sample.html)
        assert not tags.open
        assert not tags.of("script")
        assert not tags.of("link")
        for name, attributes in tags.all:
            assert not any(each.startswith("on") for each in attributes), name
            for link in ("href", "src", "xlink:href", "action"):
                assert attributes.get(link, "#").startswith(("#", "data:text/csv")), attributes
        assert "default-src 'none'" in tags.of("meta")[1]["content"]
        assert "url(http" not in sample.html
        assert "@import" not in sample.html

    def test_every_link_and_reference_has_its_end(self, sample: cm.packs.Pack) -> None:
        tags = Tags(sample.html)
        every = [attributes["id"] for _, attributes in tags.all if "id" in attributes]
        ids = set(every)
        assert len(every) == len(ids)
        for _, attributes in tags.all:
            for name in ("href", "xlink:href"):
                if attributes.get(name, "").startswith("#"):
                    assert attributes[name][1:] in ids
            for name in ("aria-labelledby", "aria-describedby"):
                assert set(attributes.get(name, "").split()) <= ids
        assert set(re.findall(r"url\(#([^)]+)\)", sample.html)) <= ids

    def test_headings_stand_in_order(self, sample: cm.packs.Pack) -> None:
        levels = [int(tag[1]) for tag, _ in Tags(sample.html).all if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))

    def test_tables_have_captions_and_scopes(self, sample: cm.packs.Pack) -> None:
        tags = Tags(sample.html)
        assert len(tags.of("caption")) == len(tags.of("table")) > 12
        assert all(each.get("scope") in ("row", "col") for each in tags.of("th"))

    def test_charts_have_titles_and_descriptions(self, sample: cm.packs.Pack) -> None:
        tags = Tags(sample.html)
        images = [each for each in tags.of("svg") if each.get("role") == "img"]
        # For each metric a ranked chart; besides, one for each funnel, profile and metric by type.
        drawn = ("spread", "funnel", "profile", "team types")
        assert len(images) == sum(finding.kind in drawn for finding in sample.findings)
        assert len(tags.of("desc")) == len(images)

    def test_the_data_of_every_chart_is_in_it(self, sample: cm.packs.Pack) -> None:
        files = downloads(sample.html)
        drawn = ("spread", "funnel", "profile", "team types")
        # And two of all: every figure, and what could not be shown.
        assert len(files) == sum(each.kind in drawn for each in sample.findings) + 2
        # A line for each place, below that of the headings.
        assert files["cmhs-dna-rate-2016-17.csv"].count("\r\n") == (43 if "one of 42 ICBs" in sample.html else 22)

    def test_the_same_each_time(self) -> None:
        # Of places that are no ICBs, and so without the map.
        table, people = (each[["icb", name]].replace({"icb": {"QYG": "X"}}) for each, name in
                         ((TEAMS, "caseload"), (PEOPLE, "weighted_population")))  # fmt: skip
        held = [cm.pack(rows, people.iloc[::way], focus="QUE").html for rows, way in ((table, 1), (table[::-1], -1))]
        assert held[0] == held[1], "whatever the order of the rows"


class TestOwnData:
    def test_findings_stand_in_the_page(self, own: cm.packs.Pack) -> None:
        assert own.findings
        text = " ".join(Tags(own.html).text)
        for finding in own.findings:
            assert stands_in(finding.sentence, "Fenland ICB", text)

    def test_places_are_named_where_the_tables_name_them(self, own: cm.packs.Pack) -> None:
        assert "Fenland ICB (QUE)" in own.html
        told = "Caseload, Fenland ICB: 1,500 patients per 100,000 weighted population"
        assert any(str(each).startswith(told) for each in own.findings)

    def test_both_populations_as_in_the_audit(self, own: cm.packs.Pack) -> None:
        caseload = [each for each in own.findings if each.metric == "caseload_per_100k"]
        assert [each.basis for each in caseload if each.kind in ("position", "other basis")] == [
            "weighted",
            "registered",
        ]
        assert "Value, registered" in own.html

    def test_columns_left_out_are_named(self, own: cm.packs.Pack) -> None:
        assert ("Columns that were not used", "Other WP.") in [(each.what, each.why) for each in own.not_shown]

    def test_source_population_and_average_are_said(self, own: cm.packs.Pack) -> None:
        assert "Data: A survey." in own.html
        assert "The average is pooled" in own.html
        assert "440,000" not in own.html
        assert "400,000" in own.html, "people of all places"

    def test_no_date_unless_given(self, own: cm.packs.Pack) -> None:
        dated = cm.pack(TEAMS, PEOPLE, focus="QUE", charts=False, date="1 April 2026")
        assert "1 April 2026" in dated.html
        assert re.sub("<[^>]+>", "", own.html).split("Made with cmhs_metrics")[1].count(" on ") == 0

    def test_saves_and_shows(self, own: cm.packs.Pack, tmp_path: Path) -> None:
        path = own.save(tmp_path / "pack.html")
        assert path.read_bytes() == own.html.encode()
        frame = own._repr_html_()
        assert frame.startswith('<iframe title="')
        assert "<script" not in frame
        assert "<h1" not in frame, "the page is escaped into its frame"

    def test_without_a_focus(self) -> None:
        made = cm.pack(TEAMS, PEOPLE, charts=False)
        assert {each.kind for each in made.findings} == {"spread"}
        assert '<h1>Community mental health services</h1><p class="lead">4 ICBs</p>' in made.html

    def test_several_places_of_focus(self) -> None:
        made = said(TEAMS, PEOPLE, focus=["QUE", "QYG"])
        assert {each.place for each in made.findings if each.kind == "position"} == {"QUE", "QYG"}

    def test_the_place_column_is_the_one_that_knows_the_focus(self) -> None:
        table = TEAMS.assign(organisation=["RT1", "RT2", "RT3", "RT4"])
        assert "4 organisations" in cm.pack(table, focus="RT2", charts=False).html
        assert "4 ICBs" in cm.pack(table, focus="QUE", charts=False).html

    @pytest.mark.parametrize("make", [pl.from_pandas, lambda frame: pl.from_pandas(frame).lazy()])
    def test_other_engines(self, make, own: cm.packs.Pack) -> None:
        made = said(make(TEAMS), make(PEOPLE), focus=["QUE"], peers=["QJG", "QH8"])
        assert [each.sentence for each in made.findings] == [each.sentence for each in own.findings]

    def test_small_counts_are_warned_of(self) -> None:
        table = TEAMS.assign(caseload=[3.0, 1200.0, 900.0, 1900.0])
        assert "1 of the counts below these figures is from 1 to 4" in cm.pack(table, charts=False).html
        assert "from 1 to 4" not in cm.pack(TEAMS, charts=False).html

    def test_trends_where_there_are_periods(self) -> None:
        pytest.importorskip("matplotlib", reason="charts need matplotlib")
        now = TEAMS[["icb", "caseload"]].assign(period="2016/17").replace({"icb": {"QYG": "X"}})
        both = pd.concat([now.assign(period="2015/16", caseload=1000.0), now])
        made = cm.pack(both, PEOPLE.replace({"icb": {"QYG": "X"}}), focus="QUE", basis="weighted")
        assert "trend-caseload_per_100k-weighted-title" in made.html
        assert "cmhs-caseload-per-100k-trend.csv" in downloads(made.html)
        assert "2016/17" in made.html.split("<nav")[0]


class TestSuppressed:
    """A number that is hidden is nowhere: 4 of QH8's 900 are known to lie from 0 to 4, and the cell is empty."""

    TABLE = TEAMS[["icb", "contacts"]].assign(
        face_to_face_contacts=[9_000.0, 7_000.0, None, 20_000.0],
        face_to_face_contacts_lower=[9_000.0, 7_000.0, 0.0, 20_000.0],
        face_to_face_contacts_upper=[9_000.0, 7_000.0, 4.0, 20_000.0],
    )

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> cm.packs.Pack:
        pytest.importorskip("matplotlib", reason="charts need matplotlib")
        return cm.pack(cls.TABLE, PEOPLE, focus=["QH8", "QUE"], peers=["QJG"])

    def test_is_said_and_nothing_else(self, made: cm.packs.Pack) -> None:
        told = [each for each in made.findings if each.metric == "face_to_face_share" and each.place == "QH8"]
        assert [(each.kind, each.figures) for each in told] == [("absent", {})]
        assert "suppressed" in told[0].sentence
        why = [each.why for each in made.not_shown if each.what == "Face-to-face share of contacts"]
        assert any(each.startswith("Suppressed in the data: Hill ICB (QH8)") for each in why)

    def test_has_no_figure_in_the_download(self, made: cm.packs.Pack) -> None:
        lines = downloads(made.html)["cmhs-face-to-face-share.csv"].splitlines()
        head = lines[0].split(",")
        line = dict(zip(head, next(each for each in lines if ",QH8," in each).split(","), strict=True))
        assert line["status"] == "suppressed"
        of_the_place = ["value", "lower", "upper", "rank", "rank_best", "rank_worst", "difference"]
        assert [line[name] for name in of_the_place] == [""] * 7
        assert not [name for name in head if name.startswith("value_")], "nor its bounds"
        assert line["more_than_chance"] == line["outlier"] == ""

    def test_stands_in_the_table_and_the_chart_as_a_word(self, made: cm.packs.Pack) -> None:
        section = made.html[made.html.index('<article aria-labelledby="face_to_face_share"') :]
        section = section[: section.index("</article>")]
        row = re.search(r'<th scope="row">Hill ICB \(QH8\)</th>(.*?)</tr>', section)
        assert re.sub("<[^>]+>", " ", row[1]).split() == ["suppressed", "–", "–", "–"]
        assert "Suppressed: Hill ICB" in re.search(r"<desc[^>]*>(.*?)</desc>", section)[1]

    def test_whatever_it_is_the_page_is_the_same(self) -> None:
        """Two tables that differ in nothing but what is hidden: no arithmetic can tell them apart."""
        held = [
            cm.pack(self.TABLE.assign(face_to_face_contacts=[9_000.0, 7_000.0, hidden, 20_000.0]), PEOPLE, charts=False)
            for hidden in (None, float("nan"))
        ]
        assert held[0].html == held[1].html

    def test_bounds_that_tell_the_value_are_refused(self) -> None:
        told = self.TABLE.assign(face_to_face_contacts_lower=self.TABLE["face_to_face_contacts_upper"])
        with refused("face_to_face_contacts", "4 to 4", row="icb=QH8"):
            cm.pack(told, PEOPLE, charts=False)

    def test_a_missing_value_is_not_called_suppressed(self) -> None:
        table = TEAMS.assign(face_to_face_contacts=[9_000.0, 7_000.0, None, 20_000.0])
        made = cm.pack(table, PEOPLE, focus="QH8", charts=False)
        told = next(each for each in made.findings if each.metric == "face_to_face_share")
        assert "not known" in told.sentence
        assert "Suppressed in the data" not in made.html


class TestNamesFromAFile:
    EVIL = '<script>alert("x")</script>\'" onload=x =1+1'

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> cm.packs.Pack:
        pytest.importorskip("matplotlib", reason="charts need matplotlib")
        evil = [cls.EVIL, "=HYPERLINK(1)", "</style></svg><img src=x onerror=y>", "&lt;b&gt; ]]> -->"]
        table = TEAMS[["caseload", "contacts"]].assign(organisation=evil)
        both = pd.concat([table.assign(period="2015/16", caseload=7.0), table.assign(period="2016/17")])
        return cm.pack(both, focus=evil[:2], peers=evil[2:], source=cls.EVIL, title=cls.EVIL, date="<i>")

    def test_inject_no_markup(self, made: cm.packs.Pack) -> None:
        tags = Tags(made.html)
        assert not tags.open
        assert not {"script", "img", "i"} & {name for name, _ in tags.all}
        assert not any(each.startswith("on") for _, attributes in tags.all for each in attributes)
        assert any(self.EVIL in text for text in tags.text), "they are shown as they are"

    def test_inject_no_formula(self, made: cm.packs.Pack) -> None:
        for name, content in downloads(made.html).items():
            assert re.fullmatch(r"[a-z0-9.-]+", name)
            assert "'=HYPERLINK(1)" in content or "could-not-be-shown" in name
            assert ",=HYPERLINK" not in content


class TestBadInput:
    def test_names_what_is_wrong(self) -> None:
        with refused("focus or peers", "QUX", expected="a place", suggests="QUE"):
            cm.pack(TEAMS, PEOPLE, focus="QUX")
        with refused("by", names="by"):
            cm.pack(TEAMS.rename(columns={"icb": "borough"}))
        with refused("by", "icd", expected="a column", suggests="icb"):
            cm.pack(TEAMS, by="icd")
        for columns in (pd.MultiIndex.from_product([["x"], ["icb", "contacts"]]), [0, 1]):
            with refused("by", "icb", expected="a column"):
                cm.pack(pd.DataFrame([["A", 5]], columns=columns), by="icb", charts=False)
        with refused("populations"):
            cm.pack(None, PEOPLE)
        with refused("populations", ANY, expected="a column", names="icb"):
            cm.pack(TEAMS, PEOPLE.drop(columns="icb"))
        with refused(None, ["icb", "discharges"], expected="a metric"):
            cm.pack(TEAMS[["icb"]].assign(discharges=1))

    def test_periods(self) -> None:
        with refused("period", "2016/17"):
            cm.pack(TEAMS, period="2016/17")
        both = pd.concat([TEAMS.assign(period="2016/17"), TEAMS.assign(period="2015/16")])
        assert "4 ICBs, 2015/16" in cm.pack(both, period="2015/16", charts=False).html
        assert "4 ICBs, 2016/17" in cm.pack(both, charts=False).html, "the last, wherever it stands"
        with refused("period", "2017/18", expected="a date or period"):
            cm.pack(both, period="2017/18")


@official_data.needed("mhsds_4ww_2024_06.csv.gz")
def test_the_42_icbs_of_the_published_files() -> None:
    monthly = cm.published.read_mhsds_monthly(official_data.FOLDER / "mhsds_4ww_2024_06.csv.gz")
    held = monthly[monthly["breakdown"].str.startswith("ICB") & (monthly["primary_level"] != "UNKNOWN")]
    spells = held[held["measure_id"] == "MRS06"]
    table = pd.DataFrame({"icb": spells["primary_level"], "caseload": spells["value"]})
    people = cm.published.read_icb_allocations(official_data.FOLDER / "icb_allocations_2025_26.csv")
    made = cm.pack(table, people, focus="QUE", charts=False)
    spread = [each for each in made.findings if each.kind == "spread" and each.metric == "caseload_per_100k"]
    # The data's own README: a 4.9-fold range per 100,000 weighted population.
    assert "the 42 ICBs range" in spread[0].sentence
    assert "a 4.9-fold range" in spread[0].sentence
    assert "NHS Cambridgeshire and Peterborough ICB (QUE)" in made.html


def test_what_bounds_leave_open_is_said_so() -> None:
    """One of four is known to lie from 0 to 4: ranks below it are open, and so is the average."""
    table = pd.DataFrame({"icb": ["A", "B", "C", "D"], "referrals": [100, 100, 100, 100.0]})
    table = table.assign(referrals_accepted=[50, 2, None, 90], referrals_accepted_lower=[50, 2, 0, 90])
    table = table.assign(referrals_accepted_upper=[50, 2, 4, 90])
    made = said(table, focus=["B", "D"])
    told = {each.place: each for each in made.findings if each.kind == "position"}
    # 142 to 146 of 400.
    assert (
        "2.0%, between 3rd and 4th of 4 ICBs, below their pooled average, which lies from 35.5% to 36.5%"
        in told["B"].sentence
    )
    assert "90.0%, 1st of 4 ICBs (the highest), above their pooled average" in told["D"].sentence
    assert not {"difference_points", "average"} & set(told["D"].figures)
    assert "the 3 ICBs with a value range" in made.findings[-1].sentence
