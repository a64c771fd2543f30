"""Units: definitions, registries, reading text, pickling."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics import ambitions, disclosure, intervals, outcomes, trends, units, variation
from cmhs_metrics.units import DEFINITIONS, Quantity, define, parse
from tests.support.refusals import raised, refused


def in_a_fresh_process(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class TestDefinitions:
    def test_every_count_is_a_dimension_of_its_own(self) -> None:
        names = [
            name for name in DEFINITIONS if name not in ("bed_day", "person_1k", "person_100k", "percentage_point")
        ]
        dimensions = {str(Quantity(1, name).dimensionality) for name in names}
        assert len(dimensions) == len(names)

    def test_compound_units(self) -> None:
        assert Quantity(1, "bed_day") == Quantity(1, "bed") * Quantity(1, "day")
        assert Quantity(1, "person_100k").to("person").magnitude == 100_000
        assert Quantity(5_320_000, "GBP / person_100k").to("GBP / person").magnitude == pytest.approx(53.2)
        assert Quantity(17.7, "MGBP").to("GBP").magnitude == pytest.approx(17_700_000)

    def test_defining_twice_changes_nothing_and_warns_of_nothing(self) -> None:
        registry = pint.UnitRegistry(on_redefinition="raise")
        assert define(define(registry)) is registry
        assert registry.Quantity(1, "patient").dimensionality == {"[patient]": 1}

    def test_who_comes_second_waits_until_every_unit_is_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        registry, plain = pint.UnitRegistry(on_redefinition="raise"), units._defining
        begun, reached, go = threading.Event(), threading.Event(), threading.Event()
        seen = {}

        class Watched:
            def __enter__(self) -> None:
                if threading.current_thread().name == "second":
                    reached.set()
                plain.__enter__()

            def __exit__(self, *error: object) -> None:
                plain.__exit__(*error)

        def held(definition: str, define=registry.define) -> None:
            begun.set()
            assert go.wait(30)
            define(definition)

        def second() -> None:
            define(registry)
            seen["PCN"] = "PCN" in registry
            reached.set()

        monkeypatch.setattr(units, "_defining", Watched())
        monkeypatch.setattr(registry, "define", held)
        threads = [threading.Thread(target=define, args=(registry,)), threading.Thread(target=second, name="second")]
        threads[0].start()
        assert begun.wait(30)
        threads[1].start()
        # Either it waits now, or it is through and has seen what is there: units of which not one is defined.
        assert reached.wait(30)
        go.set()
        for thread in threads:
            thread.join(30)
        assert seen == {"PCN": True}

    @pytest.mark.slow
    def test_many_threads_may_be_the_first_to_use_them(self) -> None:
        code = """
import threading
from cmhs_metrics import units
gate, found = threading.Barrier(8), []
def use():
    gate.wait()
    found.append(str(units.Quantity(17.7, "MGBP").to("GBP").units) + str(units.parse("2 beds").units))
threads = [threading.Thread(target=use) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(found)
"""
        assert in_a_fresh_process(code) == str(["GBPbed"] * 8)

    def test_a_users_own_definition_is_kept(self) -> None:
        registry = pint.UnitRegistry(on_redefinition="raise")
        registry.define("contact = 3 * patient_hour")
        registry.define("patient_hour = [patient_hour]")
        define(registry)
        assert registry.Quantity(1, "contact").to("patient_hour").magnitude == 3

    def test_an_application_registry_set_later_gets_them_too(self) -> None:
        registry = pint.UnitRegistry()
        pint.set_application_registry(registry)
        assert Quantity(5, "patient")._REGISTRY is registry
        assert parse("£17.7m")._REGISTRY is registry

    @pytest.mark.slow
    def test_pint_itself_knows_them_once_the_package_is_imported(self) -> None:
        code = "import cmhs_metrics, pint; print(pint.Quantity(5, 'patient'), pint.Unit('WTE'))"
        assert in_a_fresh_process(code) == "5 patient WTE"
        code = "import pint; r = pint.get_application_registry(); r('m'); import cmhs_metrics; print(r('3 contact'))"
        assert in_a_fresh_process(code) == "3 contact"
        code = "import cmhs_metrics, pint; r = pint.get_application_registry(); print(r('2 bed_day'))"
        assert in_a_fresh_process(code) == "2 bed_day"

    @pytest.mark.slow
    def test_importing_does_not_read_pints_definitions(self) -> None:
        code = "import cmhs_metrics, pint; print(type(pint.application_registry.get()).__name__)"
        assert in_a_fresh_process(code) != "UnitRegistry"


class TestPickling:
    @pytest.mark.slow
    def test_into_a_fresh_process(self) -> None:
        values = [Quantity(3345.3, "GBP / patient"), Quantity(1, "WTE").units, Quantity([1, 2], "contact")]
        code = "import pickle, sys; print(pickle.loads(bytes.fromhex(sys.argv[1])))"
        assert in_a_fresh_process(code, pickle.dumps(values).hex()) == str(values)

    def test_other_units_do_not_need_this_package(self) -> None:
        assert b"cmhs_metrics" not in pickle.dumps(Quantity(3, "metre"))

    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    def test_round_trip(self, protocol: int) -> None:
        value = Quantity(5.32, "MGBP / person_100k")
        assert pickle.loads(pickle.dumps(value, protocol)) == value


class TestParse:
    @pytest.mark.parametrize(
        ("text", "value", "unit"),
        [
            ("£17.7m", 17.7e6, "GBP"),
            ("17.7 MGBP", 17.7e6, "GBP"),
            ("£44.4m", 44.4e6, "GBP"),
            ("£2.38b", 2.38e9, "GBP"),
            ("£2.38bn", 2.38e9, "GBP"),
            ("£1.2 billion", 1.2e9, "GBP"),
            ("£511,061", 511_061, "GBP"),
            ("£5.32m per 100,000", 5.32e6, "GBP / person_100k"),
            ("£5.3 million per 100,000 population", 5.3e6, "GBP / person_100k"),
            ("32,252 contacts per 100,000 population", 32_252, "contact / person_100k"),
            ("1,555 patients per 100k", 1_555, "patient / person_100k"),
            ("per 100k", 1, "1 / person_100k"),
            ("WTE", 1, "WTE"),
            ("40,216 WTE", 40_216, "WTE"),
            ("1.9m referrals", 1.9e6, "referral"),
            ("14 million contacts", 14e6, "contact"),
            ("£163 per contact", 163, "GBP / contact"),
            ("76%", 76, "percent"),
            ("14 months", 14, "month"),
            ("-5%", -5, "percent"),
            ("1e3 patients", 1_000, "patient"),
        ],
    )
    def test_reads_what_people_write(self, text: str, value: float, unit: str) -> None:
        read = parse(text)
        assert read.to(unit).magnitude == pytest.approx(value, rel=1e-12)

    @pytest.mark.parametrize("text", ["17.7m", "5k", "2.3b"])
    def test_refuses_what_could_mean_two_things(self, text: str) -> None:
        with raised(ValueError, text, f"£{text}"):
            parse(text)

    @pytest.mark.parametrize("text", ["", "  ", "rubbish", "£5 patients", "1,23 patients", "12 MHA assessments"])
    def test_refuses_what_it_cannot_read(self, text: str) -> None:
        with raised(ValueError, *text.split() or ["empty"]):
            parse(text)
        with refused("text", 5, expected="a text"):
            parse(5)

    def test_quantity_sends_money_as_text_here(self) -> None:
        # Pint by itself reads "£17.7m" as metres.
        with raised(ValueError, "units.parse"):
            units.Quantity("£17.7m")

    @given(st.integers(0, 10**12))
    def test_thousands_separators_change_nothing(self, number: int) -> None:
        assert parse(f"{number:,} patients") == parse(f"{number} patients") == Quantity(float(number), "patient")

    @given(st.floats(0.01, 999).map(lambda value: round(value, 2)))
    def test_scales_multiply(self, number: float) -> None:
        in_pounds = parse(f"£{number:.2f}").magnitude
        for word, times in (("k", 1e3), ("m", 1e6), (" million", 1e6), ("bn", 1e9), ("b", 1e9)):
            assert parse(f"£{number:.2f}{word}").magnitude == pytest.approx(in_pounds * times)


class TestHours:
    """A whole-time post of the Agenda for Change is of 37½ hours a week."""

    def test_hours_of_a_week(self) -> None:
        assert cm.units.wte_from_hours(75) == 2
        np.testing.assert_allclose(cm.units.wte_from_hours(np.array([0, 37.5, 15])), [0, 1, 0.4])
        assert cm.units.wte_from_hours(60, full_time=40) == 1.5
        # 7½ hours a day for each of five days.
        assert cm.units.wte_from_hours(cm.units.Quantity(7.5 * 5 / 7, "hour / day")).magnitude == pytest.approx(1)

    @pytest.mark.parametrize(
        ("hours", "full_time"), [(-1, 37.5), ("30", 37.5), (None, 37.5), (30, 0), (30, -1), (30, 200)]
    )
    def test_what_is_none_is_refused(self, hours: object, full_time: float) -> None:
        with pytest.raises(cm.BadInput):
            cm.units.wte_from_hours(hours, full_time)


def test_pounds_are_money_and_no_weight() -> None:
    assert cm.units.parse("17.7 million pounds") == cm.units.Quantity(17.7, "MGBP")


@pytest.mark.parametrize(
    ("unit", "pounds"), [("£", 1), ("£k", 1e3), ("£000", 1e3), ("£'000", 1e3), ("£m", 1e6), ("£ bn", 1e9)]
)
def test_pounds_are_a_unit_as_people_write_them(unit: str, pounds: float) -> None:
    assert cm.units.Quantity(2.0, unit).to("GBP").magnitude == pytest.approx(2 * pounds)


SHARES, PEOPLE = Quantity(np.array([0.2, 0.5, 0.9]), ""), Quantity(np.array([100.0, 400.0, 900.0]), "person")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (trends.change, (SHARES, Quantity(0.5, ""))),
        (trends.percentage_change, (SHARES, Quantity(0.5, ""))),
        (trends.compound_growth, (SHARES, Quantity(0.5, ""), 4)),
        (outcomes.avoided_activity, (SHARES, Quantity(0.5, ""))),
        (ambitions.progress, (SHARES, Quantity(0.5, ""))),
        (ambitions.shortfall, (SHARES, Quantity(0.5, ""))),
        (cm.extrapolate_rate, (SHARES, PEOPLE)),
        (cm.implied_population, (SHARES, Quantity(4.0, "1 / person_100k"))),
        (cm.extrapolate_response, (SHARES, Quantity(3.0, "organisation"), Quantity(4.0, "organisation"))),
        (cm.per_100k, (SHARES, PEOPLE)),
        (intervals.mean_interval, (SHARES,)),
        (variation.percentiles, (SHARES, 25)),
        (variation.quartiles, (SHARES,)),
        (variation.fold_variation, (SHARES,)),
        (disclosure.round_to, (SHARES, 0.25)),
        (disclosure.suppress, (Quantity(np.array([3, 12, 13]), ""),)),
        (disclosure.suppress_percentage, (Quantity(np.array([30, 3, 8]), ""), Quantity(np.array([99, 60, 64]), ""))),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_quantity_without_a_dimension_is_the_number_that_it_is(function: Any, arguments: tuple[Any, ...]) -> None:
    # A share of two quantities has the unit "dimensionless", which pint writes and does not read.
    plain = function(*(getattr(each, "magnitude", each) for each in arguments))
    found = function(*arguments)
    for one, other in zip(*((each if isinstance(each, tuple) else (each,)) for each in (found, plain)), strict=True):
        np.testing.assert_allclose(getattr(one, "magnitude", one), other)


@pytest.mark.parametrize(
    "call",
    [
        lambda given: cm.run_charts.xmr_limits(given),
        lambda given: cm.run_charts.outside_limits([1, 2], given, [3, 4]),
        lambda given: cm.share_improved([1, 2], given),
        lambda given: cm.reliable_outcomes([1, 2], given, reliable=1),
    ],
)
def test_a_unit_is_not_taken_off_in_silence(call: Any) -> None:
    # 14 days against limits or scores in weeks would be 14 against 2.
    with pytest.raises(TypeError, match="has a unit"):
        call(cm.units.Quantity(np.array([14.0, 7.0]), "day"))
