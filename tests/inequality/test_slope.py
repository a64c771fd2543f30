"""The slope index of inequality: against a peer's published test data, by hand, by simulation, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from cmhs_metrics import BadInput
from cmhs_metrics import inequality as q
from cmhs_metrics import intervals as ci
from tests.support.budgets import is_deep
from tests.support.refusals import refused

# PHEindicatormethods 2.1.0 (UK Health Security Agency), tests/testthat/testdata_SII.xlsx: people, value and its standard
# error or bounds of ten tenths by deprivation, the most deprived first, and the indices with their simulated 95% bounds.
DATA = {
    ("life", "area1"): (
        [7291, 7997, 6105, 7666, 5790, 6934, 5918, 5974, 7147, 7534],
        [
            75.9334590103,
            78.3442382728,
            83.8360631042,
            83.6375399665,
            80.465503153,
            81.1156759857,
            81.6930835719,
            84.1900062061,
            80.5955641081,
            86.2894349579,
        ],
        [
            1.63847242636,
            1.57819288454,
            1.51343550596,
            1.77549061758,
            1.7013390592,
            1.56412107377,
            1.36811483669,
            1.40014180059,
            2.43284639758,
            1.56651816959,
        ],
        None,
    ),
    ("life", "area2"): (
        [21675, 20065, 19750, 24713, 20112, 19618, 22408, 19752, 18939, 19312],
        [
            70.54853186,
            71.57155734,
            72.48698671,
            73.51985519,
            73.14605425,
            76.15898712,
            78.65444871,
            80.56476961,
            80.85486627,
            79.9711253,
        ],
        [
            0.229591836735,
            0.25980680102,
            0.299238084184,
            0.160751227041,
            0.791822895408,
            0.778319612245,
            0.399375329082,
            0.279395507653,
            0.229591836735,
            0.35175375,
        ],
        None,
    ),
    ("rate", "area1"): (
        [279012, 255993, 236961, 214315, 192812, 183546, 168593, 164822, 154836, 138165],
        [
            5.89221968948,
            4.73450445911,
            3.82763408325,
            3.86813802114,
            3.67715702342,
            3.14362612097,
            3.12587118089,
            2.94256834646,
            2.82879950399,
            2.76481019071,
        ],
        [
            5.61495966241,
            4.47592077078,
            3.58692605545,
            3.61407911406,
            3.41669698701,
            2.897717635,
            2.87049380929,
            2.69240412979,
            2.57630573788,
            2.50142061909,
        ],
        [
            6.18308535758,
            5.00795194025,
            4.08442910269,
            4.13998229981,
            3.95739348223,
            3.41033171889,
            3.40389098741,
            3.21590157156,
            3.10596214958,
            3.05584866618,
        ],
    ),
    ("rate", "area2"): (
        [13837, 14519, 14940, 14599, 12311, 21675, 20065, 19750, 24713, 20112],
        [4.89675, 4.5678, 4.67666, 4.35666, 3.9, 3.8, 3.5, 3.2, 3.21, 2.8],
        [4.77675, 4.4478, 4.55666, 4.23666, 3.78, 3.68, 3.38, 3.08, 3.09, 2.68],
        [4.97675, 4.6478, 4.75666, 4.43666, 3.98, 3.88, 3.58, 3.28, 3.29, 2.88],
    ),
    ("share", "area1"): (
        [34353, 32112, 27715, 25372, 23889, 23260, 23180, 24193, 23609, 24488],
        [
            0.212121212121,
            0.214281265571,
            0.204077214505,
            0.191865048085,
            0.174808489263,
            0.166638005159,
            0.156039689387,
            0.146571322283,
            0.140370197806,
            0.120875530872,
        ],
        [
            0.207830499226,
            0.209827711465,
            0.199373517259,
            0.187066648694,
            0.170044640703,
            0.16190410577,
            0.151425075469,
            0.142170753784,
            0.135997670936,
            0.116852009907,
        ],
        [
            0.216476300813,
            0.218803170789,
            0.208862933591,
            0.196756739966,
            0.179676905528,
            0.171481997834,
            0.160768288676,
            0.15108411053,
            0.144859737537,
            0.125017980505,
        ],
    ),
    ("share", "area2"): (
        [36111, 31803, 26681, 24184, 23023, 21506, 22197, 23679, 23271, 23464],
        [
            0.120794217828,
            0.117410307204,
            0.113638919081,
            0.10589646047,
            0.100073839204,
            0.0941132707151,
            0.0873090958238,
            0.0836606275603,
            0.0797559193846,
            0.0696812137743,
        ],
        [
            0.117473271937,
            0.113918517825,
            0.109886239768,
            0.102080757109,
            0.0962638859469,
            0.0902830437346,
            0.0836665612937,
            0.080201207626,
            0.076344120171,
            0.0664933849951,
        ],
        [
            0.124195834343,
            0.120994510823,
            0.117502836843,
            0.109837345114,
            0.104017228033,
            0.0980884729303,
            0.0910944479237,
            0.087255111571,
            0.0833064392278,
            0.0730099206057,
        ],
    ),
}
PUBLISHED = {
    ("life", "area1"): (6.93461647367, 1.08881808044, 3.12759461765, 10.7586873681, 1.03836905916, 1.14129933603),
    ("life", "area2"): (12.5478466364, 1.18088562085, 11.9361564268, 13.1630201324, 1.17137069143, 1.19043963572),
    ("rate", "area1"): (-3.27520123265, 0.40600068954, -3.58682330167, -2.96531700173, 0.368881701991, 0.446247766524),
    ("rate", "area2"): (-2.28767890278, 0.535251769799, -2.3985255584, -2.17618836141, 0.517343125849, 0.55373948895),
    ("share", "area1"): (
        -0.107200323337,
        0.533401530647,
        -0.11220857221,
        -0.102179806215,
        0.517127319636,
        0.550153841291,
    ),
    ("share", "area2"): (
        -0.0581854710713,
        0.547012846156,
        -0.0621662957089,
        -0.0541745477313,
        0.523714507401,
        0.571461704354,
    ),
    ("rate, fitted on the log", "area1"): (
        -3.15590713895,
        0.441884843608,
        -3.48096154902,
        -2.83323734476,
        0.408274408036,
        0.478566326501,
    ),
    ("rate, fitted on the log", "area2"): (
        -2.29546918085,
        0.544614475974,
        -2.42322368885,
        -2.16807578515,
        0.527074544157,
        0.562774974541,
    ),
    ("share, fitted on the logit", "area1"): (
        -0.109646261113,
        0.534177574325,
        -0.114908384495,
        -0.10443087776,
        0.518533385007,
        0.550174121347,
    ),
    ("share, fitted on the logit", "area2"): (
        -0.0597006164399,
        0.547207442613,
        -0.0639242549373,
        -0.0554613519099,
        0.524843254383,
        0.570710571043,
    ),
}
CASES = {
    "area1": [7287, 6881, 5656, 4868, 4176, 3876, 3617, 3546, 3314, 2960],
    "area2": [4362, 3734, 3032, 2561, 2304, 2024, 1938, 1981, 1856, 1635],
}

SCALES = {"life": "plain", "rate": "log", "share": "logit"}


def found(name: str, area: str, improvement: str = "high", confidence: float = 0.95) -> q.SlopeIndex:
    kind = name.split(",")[0]
    people, values, first, second = DATA[kind, area]
    errors = (
        {"standard_errors": np.array(first)}
        if second is None
        else {"lower": np.array(first), "upper": np.array(second)}
    )
    return q.slope_index(
        np.array(values), np.array(people), **errors, scale=SCALES[kind], fit_on_scale="fitted" in name,
        improvement=improvement, confidence=confidence,
    )  # fmt: skip


class TestPeersData:
    @pytest.mark.parametrize(("name", "area"), PUBLISHED)
    def test_indices_are_equal_and_bounds_as_near_as_simulation_lets_them(self, name: str, area: str) -> None:
        index = found(name, area)
        slope, relative, *bounds = PUBLISHED[name, area]
        assert index.slope == pytest.approx(slope, rel=1e-9)
        assert index.relative == pytest.approx(relative, rel=1e-9)
        # Of 100,000 draws, a percentile 2.5 varies by some half a hundredth of the width of the interval.
        ours = [index.slope_lower, index.slope_upper, index.relative_lower, index.relative_upper]
        widths = [bounds[1] - bounds[0]] * 2 + [bounds[3] - bounds[2]] * 2
        assert np.abs((np.array(ours) - bounds) / widths).max() < 0.01

    @pytest.mark.parametrize(
        ("area", "slope", "relative"),
        [("area1", 7.91933414710, 1.10371169525), ("area2", 3.62155633765, 1.05138927127)],
    )
    def test_fifths(self, area: str, slope: float, relative: float) -> None:
        people, values, errors, _ = DATA["life", area]
        index = q.slope_index(np.array(values[:5]), np.array(people[:5]), standard_errors=np.array(errors[:5]))
        assert (index.slope, index.relative) == pytest.approx((slope, relative), rel=1e-9)
        assert index.groups == 5

    @pytest.mark.parametrize("name", ["share", "rate, fitted on the log"])
    def test_where_low_is_better_the_sign_turns_and_the_ratio_is_its_inverse(self, name: str) -> None:
        # The sheet has these as tests of a negative multiplier.
        high, low = found(name, "area1"), found(name, "area1", "low")
        assert low.slope == pytest.approx(-high.slope)
        assert (low.slope_lower, low.slope_upper) == pytest.approx((-high.slope_upper, -high.slope_lower))
        assert low.relative == pytest.approx(1 / high.relative)
        assert (low.relative_lower, low.relative_upper) == pytest.approx(
            (1 / high.relative_upper, 1 / high.relative_lower)
        )

    def test_at_99_per_cent(self) -> None:
        index = found("life", "area2", confidence=0.99)
        assert index.slope_lower == pytest.approx(11.743648, abs=0.01)
        assert index.slope_upper == pytest.approx(13.347204, abs=0.01)

    def test_from_counts_of_a_table(self) -> None:
        rows = [
            (area, tenth, cases, people)
            for area, counts in CASES.items()
            for tenth, (cases, people) in enumerate(zip(counts, DATA["share", area][0], strict=True), start=1)
        ]
        table = pd.DataFrame(rows, columns=["area", "decile", "cases", "people"])
        arguments = {
            "count": "cases",
            "population": "people",
            "by": "area",
            "kind": "proportion",
            "improvement": "high",
        }
        for make in (pd.DataFrame, pl.from_pandas):
            index = q.slope_indices(make(table.sample(frac=1, random_state=1)), "decile", **arguments)
            held = {
                name: dict(zip(index["area"], index[name], strict=True))
                for name in ("slope", "slope_lower", "relative_upper")
            }
            for area in CASES:
                slope, _, lower, upper, _, ratio_upper = PUBLISHED["share", area]
                assert held["slope"][area] == pytest.approx(slope, rel=1e-9)
                assert held["slope_lower"][area] == pytest.approx(lower, abs=0.01 * (upper - lower))
                assert held["relative_upper"][area] == pytest.approx(ratio_upper, abs=0.001)


class TestByHand:
    def test_a_straight_line(self) -> None:
        # Fifths at 0.1, 0.3 … 0.9 of the people: 74 to 82 rise by 8 over 0.8.
        index = q.slope_index(np.array([74.0, 76, 78, 80, 82]), np.full(5, 10), standard_errors=np.full(5, 0.5))
        assert (index.slope, index.most_deprived, index.least_deprived) == pytest.approx((10, 73, 83))
        assert index.relative == pytest.approx(83 / 73)
        # Each value weighs −1, −0.5, 0, 0.5 and 1: √2.5 × 0.5 is the error of the slope.
        assert index.slope_upper - 10 == pytest.approx(1.959964 * 0.5 * 2.5**0.5, abs=1e-5)

    def test_bounds_that_touch_are_no_doubt(self) -> None:
        # Places at ⅛, ⅜, ⅝ and ⅞: Σ(x − ½)y = 1.625 over Σ(x − ½)² = 0.3125.
        values = np.array([1.0, 2, 3, 5])
        found = q.slope_index(values, np.full(4, 10.0), lower=values, upper=values)
        assert (found.slope, found.slope_lower, found.slope_upper) == pytest.approx((5.2, 5.2, 5.2))

    def test_people_weigh(self) -> None:
        # Half of the people in the first group, at 0.25; the others at 0.625 and 0.875: the line by least squares.
        people, values = np.array([200.0, 100, 100]), np.array([10.0, 20, 40])
        x, w = np.array([0.25, 0.625, 0.875]), people / 400
        rise = (w * (x - 0.5) * values).sum() / (w * (x - 0.5) ** 2).sum()
        index = q.slope_index(values, people, standard_errors=np.ones(3))
        assert index.slope == pytest.approx(rise)
        assert (index.most_deprived + index.least_deprived) / 2 == pytest.approx((w * values).sum())

    def test_the_seed_decides(self) -> None:
        arguments = {"lower": np.array([8.0, 9, 9]), "upper": np.array([12.0, 13, 16]), "scale": "log", "draws": 2_000}
        one, same, other = (
            q.slope_index(np.array([10.0, 11, 12]), np.ones(3), **arguments, seed=seed) for seed in (1, 1, 2)
        )
        assert one == same != other

    def test_missing_makes_all_missing(self) -> None:
        index = q.slope_index(np.array([1.0, np.nan, 3]), np.ones(3), standard_errors=np.ones(3))
        assert np.isnan([index.slope, index.slope_lower, index.relative_upper]).all()


def test_coverage_of_rates() -> None:
    """Of rates that fall on a line, drawn as counts, 95% intervals hold the true rise 95 times of 100."""
    draw, people, runs = np.random.default_rng(4), np.full(10, 20_000.0), 4_000 if is_deep() else 400
    rates = 0.004 - 0.002 * (np.arange(10) + 0.5) / 10
    held = []
    for counts in draw.poisson(rates * people, (runs, 10)):
        lower, upper = ci.rate_interval(counts, people)
        index = q.slope_index(
            counts / people * 100_000, people, lower=lower, upper=upper, scale="log", improvement="low", draws=1_000
        )
        held.append((index.slope_lower <= 200 <= index.slope_upper, index.relative_lower <= 2 <= index.relative_upper))
    assert np.mean(held, axis=0) == pytest.approx(0.95, abs=0.025)


class TestRefused:
    VALUES, PEOPLE = np.array([1.0, 2, 3]), np.ones(3)

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ({}, ["standard_errors"]),
            ({"lower": VALUES}, ["standard_errors"]),
            ({"lower": VALUES, "upper": VALUES, "standard_errors": PEOPLE}, ["standard_errors"]),
            ({"standard_errors": -PEOPLE}, ["standard_errors"] * 3),
            ({"standard_errors": PEOPLE, "scale": "log"}, ["standard_errors"]),
            ({"lower": VALUES - 1, "upper": VALUES, "scale": "log"}, ["lower"]),
            ({"lower": VALUES, "upper": VALUES - 1}, ["lower"] * 3),
            ({"standard_errors": PEOPLE, "improvement": "up"}, ["improvement"]),
            ({"standard_errors": PEOPLE, "scale": "square"}, ["scale"]),
            ({"standard_errors": PEOPLE, "confidence": 95}, ["confidence"]),
            ({"standard_errors": PEOPLE, "draws": 10}, ["draws"]),
        ],
    )
    def test_by_name(self, wrong: dict, named: list[str]) -> None:
        with pytest.raises(BadInput) as refused:
            q.slope_index(self.VALUES, self.PEOPLE, **wrong)
        assert [problem.column for problem in refused.value.problems] == named

    def test_values_stand_within_their_scale(self) -> None:
        values, bounds = np.array([0.5, 0.6, 1.0]), {"lower": np.full(3, 0.4), "upper": np.full(3, 0.9)}
        with refused("values", 1.0, row="3rd row", expected="above zero", names="below 1"):
            q.slope_index(values, self.PEOPLE, scale="logit", **bounds)
        assert q.slope_index(values, self.PEOPLE, scale="log", **bounds).slope != 0

    def test_two_groups_and_no_people(self) -> None:
        with pytest.raises(BadInput):
            q.slope_index(np.array([1.0, 2]), np.ones(2), standard_errors=np.ones(2))
        with pytest.raises(BadInput) as refused:
            q.slope_index(self.VALUES, np.array([1.0, 0, 1]), standard_errors=np.ones(3))
        assert refused.value.problems[0].row == "2nd row"


class TestPlacesWithoutAnIndex:
    TABLE = pd.DataFrame(
        {
            "icb": ["A"] * 3 + ["B"] * 3 + ["C"] * 2 + ["D"] * 3,
            "third": [1, 2, 3, 1, 2, 3, 1, 2, "1", "2", "not known"],
            "deaths": [30, 20, 10, 30, 0, 10, 5, 5, 4, 4, 4],
            "people": 1_000,
        }
    )

    def test_say_why(self) -> None:
        index = q.slope_indices(self.TABLE, "third", count="deaths", population="people", by="icb").set_index("icb")
        assert index["note"].fillna("").to_dict() == {
            "A": "", "B": "a group has no events", "C": "a group is missing", "D": "a group is missing"
        }  # fmt: skip
        assert index["slope"].notna().tolist() == [True, False, False, False]

    def test_one_event_and_one_person_are_enough(self) -> None:
        table = pd.DataFrame({"third": [1, 2, 3], "deaths": [3, 2, 1], "people": [4, 5, 2]})
        for kind in ("rate", "proportion"):
            index = q.slope_indices(table, "third", count="deaths", population="people", kind=kind)
            assert index["note"].isna().all()
            assert index["slope"].notna().all()
        alone = q.slope_indices(table.assign(people=[4, 5, 1]), "third", count="deaths", population="people", per=1)
        # Tenths 0 to 4, 4 to 9 and 9 to 10: middles at 0.2, 0.65 and 0.95, of the weights 4, 5 and 1.
        assert alone.loc[0, ["note", "groups"]].tolist() == [None, 3]
        assert alone.loc[0, "slope"] == pytest.approx(
            -np.polyfit([0.2, 0.65, 0.95], [3 / 4, 2 / 5, 1], 1, w=[2, 5**0.5, 1])[0]
        )

    def test_of_proportions_no_group_is_all_or_nothing(self) -> None:
        table = self.TABLE.assign(people=[31, 20, 40, 31, 1, 40, 9, 9, 9, 9, 9])
        asked = {"count": "deaths", "population": "people", "kind": "proportion", "by": "icb"}
        index = q.slope_indices(table[table["icb"].isin(["A", "B"])], "third", **asked).set_index("icb")
        assert index["note"].tolist() == ["a group has no events, or nothing else"] * 2
        assert q.slope_indices(table[:3].assign(people=[31, 21, 40]), "third", **asked)["note"].isna().all()

    def test_what_is_no_group_is_refused(self) -> None:
        with pytest.raises(BadInput) as refused:
            q.slope_indices(self.TABLE.replace("not known", "?"), "third", count="deaths", population="people")
        assert [problem.value for problem in refused.value.problems] == ["?"]
        with pytest.raises(BadInput) as refused:
            q.slope_indices(self.TABLE, "thirds", count="death", population="people", by=["icbs"])
        assert [problem.column for problem in refused.value.problems] == ["by", "group", "count"]
