"""Finding things by the words that people use."""

from __future__ import annotations

import pytest

import cmhs_metrics as cm
from cmhs_metrics import synonyms
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import KEYS, MEASURES
from cmhs_metrics.searching import search
from tests.support.budgets import is_deep
from tests.support.refusals import raised, refused


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("dna", "dna_rate"),
        ("DNAs", "dna_rate"),
        ("length of stay", "average_length_of_stay"),
        ("LOS", "average_length_of_stay"),
        ("4 week wait", "four_week_rate"),
        ("cost per head", "cost_per_100k"),
        ("access rate", "access_per_100k"),
        ("talking therapies", "iapt_entrants_per_patient"),
        ("cost_per_contact", "cost_per_contact"),
        ("Cost per contact", "cost_per_contact"),
        ("SPC", "plots.xmr_chart"),
        ("deflator", "real_terms"),
        ("caselod", "caseload"),
    ],
)
def test_the_words_of_the_field(words: str, first: str) -> None:
    assert search(words).loc[0, "name"] == first


@pytest.mark.parametrize(
    ("words", "holds"), [("waiting list", "waiting"), ("wte", "wte"), ("funnel plot", "variation.funnel")]
)
def test_finds_more_than_metrics(words: str, holds: str) -> None:
    assert holds in set(search(words)["name"])


@pytest.mark.slow
def test_every_metric_and_measure_is_found_by_its_own_name_or_label() -> None:
    for place, (name, metric) in enumerate(CATALOGUE.items()):
        if place % 2 or is_deep():
            assert search(name, kind="metric").loc[0, "name"] == name
        if not place % 2 or is_deep():
            assert name in set(search(metric.label, kind="metric")["name"])
    for name in [*MEASURES][:: 1 if is_deep() else 2]:
        assert search(name.replace("_", " "), kind="measure").loc[0, "name"] == name


def test_a_document_by_its_publisher() -> None:
    assert search("confederation", kind="document")["name"].tolist() == ["Community Mental Health Services"]


def test_nothing_is_found_where_nothing_is() -> None:
    assert search("zebra crossing").empty


@pytest.mark.parametrize("words", ["", "  ", None, 5, "???"])
def test_no_word_is_refused(words: object) -> None:
    with refused("words", words):
        search(words)


def test_a_kind_that_is_none() -> None:
    with refused("kind", "metrics", names="metric"):
        search("dna", kind="metrics")


class TestTheWords:
    def test_stand_for_what_there_is(self) -> None:
        assert set(synonyms.MEASURE_WORDS) <= set(MEASURES)
        assert set(synonyms.METRIC_WORDS) <= set(CATALOGUE)
        assert set(synonyms.KEY_WORDS) <= {*KEYS, "icb", "region"}
        for name in synonyms.FUNCTION_WORDS:
            value = cm
            for part in name.split("."):
                value = getattr(value, part)
            assert callable(value)

    def test_a_heading_stands_for_one_column(self) -> None:
        phrases = [
            phrase
            for table in (synonyms.KEY_WORDS, synonyms.MEASURE_WORDS)
            for each in table.values()
            for phrase in each
        ]
        assert sorted(phrases) == sorted(set(phrases))
        names = {name.replace("_", " ") for name in (*KEYS, *MEASURES)}
        owners = {
            phrase: name
            for table in (synonyms.KEY_WORDS, synonyms.MEASURE_WORDS)
            for name, each in table.items()
            for phrase in each
        }
        assert all(owners[phrase].replace("_", " ") == phrase for phrase in names & set(owners))


class TestTheCatalogue:
    def test_a_synonym_is_offered_where_no_metric_has_the_name(self) -> None:
        for word, name in (("dna", "dna_rate"), ("DNAs", "dna_rate"), ("LOS", "average_length_of_stay")):
            with raised(KeyError, word, name):
                cm.describe(word)
        with raised(KeyError, "cm.search", "zebra"):
            cm.describe("zebra")

    def test_lists_a_section_or_what_has_a_word(self) -> None:
        assert set(cm.list_metrics("waits")["section"]) == {"waits"}
        assert len(cm.list_metrics("waits")) == (cm.list_metrics()["section"] == "waits").sum()
        assert "dna_rate" in cm.list_metrics("DNA").index
        assert cm.list_metrics("zebra").empty


def test_rates_per_head_and_per_1000_by_name() -> None:
    """698,444 people on the caseload of 44,916,013 adults, as the audit counts them."""
    assert cm.per_1000(698_444, 44_916_013) * 100 == pytest.approx(cm.per_100k(698_444, 44_916_013))
    assert cm.per_head(698_444, 44_916_013) == pytest.approx(0.01555, abs=5e-6)
    rate = cm.per_head(cm.units.Quantity(2.38, "GGBP"), cm.units.Quantity(44_916_013, "person"))
    assert rate.check("GBP / person")


def test_pictures_are_found_without_what_draws_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from cmhs_metrics import searching

    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    found = {entry.name for entry in searching._gathered()}
    assert {"dna_rate", "plots.xmr_chart"} <= found
