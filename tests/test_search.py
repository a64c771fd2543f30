"""Finding things by the words that people use."""

from __future__ import annotations

import pytest

import cmhs_metrics as cm
from cmhs_metrics import synonyms
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import KEYS, MEASURES
from cmhs_metrics.searching import search


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


def test_every_metric_and_measure_is_found_by_its_own_name_and_label() -> None:
    for name, metric in CATALOGUE.items():
        assert search(name, kind="metric").loc[0, "name"] == name
        assert name in set(search(metric.label, kind="metric")["name"])
    for name in MEASURES:
        assert search(name.replace("_", " "), kind="measure").loc[0, "name"] == name


def test_a_document_by_its_publisher() -> None:
    assert search("confederation", kind="document")["name"].tolist() == ["Community Mental Health Services"]


def test_nothing_is_found_where_nothing_is() -> None:
    assert search("zebra crossing").empty


@pytest.mark.parametrize("words", ["", "  ", None, 5, "???"])
def test_no_word_is_refused(words: object) -> None:
    with pytest.raises(cm.BadInput, match="words"):
        search(words)


def test_a_kind_that_is_none() -> None:
    with pytest.raises(cm.BadInput, match="kind"):
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
