"""Tables that are each safe alone, beside one another: by hand, and against an attacker of another make."""

from __future__ import annotations

import contextlib

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from cmhs_metrics import BadInput
from cmhs_metrics.disclosure import NHS, LinkedTable, Rule, attack, protect, published_table
from cmhs_metrics.disclosure.choices import told
from cmhs_metrics.disclosure.complement import Choice
from cmhs_metrics.disclosure.linked import Joint
from tests.support.budgets import with_deep
from tests.support.refusals import ANY, problem, refused

EXACT = Rule(rounding=1)


# By hand


def taken(rows: list[list[object]], dimensions: list[str], value: str = "patients", total: bool = False, rule=EXACT):
    table = pd.DataFrame(rows, columns=[*dimensions, value])
    first = dimensions[0]
    parents = {first: {label: "All" for label in table[first] if label != "All"}} if total else {}
    return published_table(table, dimensions, value, parents, rule=rule, complemented=True)


def test_a_month_beside_the_months_to_date_tells_of_the_next() -> None:
    # 37 to date less the 36 that are out: one person came in May, and no cell of either table is suppressed.
    april, to_date = taken([["A", 36]], ["icb"]), pd.DataFrame({"icb": ["A"], "patients": [37]})
    beside = {"given": [LinkedTable(april, {"month": ["April"]}, "April")], "lookup": {"month": ["April", "May"]}}
    found = attack(taken([["A", 37]], ["icb"]), **beside)
    assert not found.safe
    assert found.cells.values.tolist() == [["between the tables", "A", "May", 1, 1, 0, True]]
    safe = protect(
        to_date, ["icb"], "patients", rule=EXACT, totals={"icb": None}, published=beside["given"], lookup=beside["lookup"]
    )  # fmt: skip
    assert safe.display()["patients"].tolist() == ["*"]
    assert attack(safe, **beside).safe
    # 60 less 36 is 24: no small count, and nothing to hide.
    grown = protect(
        to_date.assign(patients=60), ["icb"], "patients", rule=EXACT, totals={"icb": None},
        published=beside["given"], lookup=beside["lookup"],
    )  # fmt: skip
    assert grown.display()["patients"].tolist() == ["60"]


def test_two_tables_over_one_grid() -> None:
    # A and B of this table, and D that neither tells of, were AB last year, beside C.
    rows = ([["A", "*"], ["B", 20]], EXACT), ([["AB", "*"], ["C", 30]], Rule(10, 1))
    this, last = (
        published_table(pd.DataFrame(table, columns=["icb", "n"]), ["icb"], "n", {}, rule=rule) for table, rule in rows
    )
    joint = Joint([LinkedTable(this), LinkedTable(last, {"icb": {"AB": ["A", "B", "D"]}}, "last year")])
    assert joint.atoms == {"icb": ["A", "B", "D", "C"]}
    assert [place.tolist() for place in joint.place] == [[0, 1], [4, 3]]
    assert joint.relations.toarray().tolist() == [[1, 1, 1, 0, -1]]
    assert joint.widths().tolist() == [4, 4, 4, 4, 9]
    assert joint.between.tolist() == [False, False, True, False, False]
    assert [np.flatnonzero(joint.hidden(joint.tables[n:])).tolist() for n in (0, 1, 2)] == [[0, 4], [4], []]
    names = [
        "this table: icb=A",
        "this table: icb=B",
        "between the tables: icb=D",
        "last year: icb=C",
        "last year: icb=AB",
    ]
    assert [joint.name(cell) for cell in range(5)] == names
    assert joint.keys(np.arange(5)).values.tolist() == [name.split(": icb=") for name in names]
    lower, upper = joint.known(joint.tables)
    assert (lower.tolist(), upper.tolist()) == ([0, 20, 0, 30, 0], [4, 20, np.inf, 30, 9])
    lower, upper = joint.known(joint.tables[1:])
    assert (lower.tolist(), upper.tolist()) == ([0, 0, 0, 30, 0], [np.inf, np.inf, np.inf, 30, 9])
    # A table of another measure is of another grid, and a sum of measures holds in every cell of it.
    seen = published_table(pd.DataFrame({"icb": ["A", "B"], "seen": [7, 9]}), ["icb"], "seen", {}, rule=EXACT)
    both = Joint([LinkedTable(this), LinkedTable(seen)], [{"n": 1, "seen": -1, "not": -1}])
    assert [place.tolist() for place in both.place] == [[0, 1], [2, 3]]
    assert both.relations.toarray().tolist() == [[1, 0, -1, 0, -1, 0], [0, 1, 0, -1, 0, -1]]
    assert [both.name(cell) for cell in (1, 3, 5)] == [
        "this table: n, icb=B", "table 1 of those given: seen, icb=B", "between the tables: not, icb=B",
    ]  # fmt: skip
    assert both.between.tolist() == [False] * 4 + [True] * 2
    # Of two measures as well it is told which one a cell is of.
    two = Joint([LinkedTable(this), LinkedTable(seen)])
    assert two.keys(np.arange(3)).values.tolist() == [
        ["this table", "n", "A"], ["this table", "n", "B"], ["table 1 of those given", "seen", "A"],
    ]  # fmt: skip
    assert two.name(0) == "this table: n, icb=A"


@pytest.mark.parametrize(
    ("suppress_zero", "to_date", "falls"),
    # 36 to date less the 36 that are out is nobody, whom only a rule that hides zeros hides; one is small by either, and
    # five are by neither.
    [(True, 36, True), (False, 36, False), (True, 37, True), (False, 37, True), (True, 41, False), (False, 41, False)],
)
def test_a_count_between_tables_is_a_secret_where_the_rule_would_hide_it(
    suppress_zero: bool, to_date: int, falls: bool
) -> None:
    rule = Rule(rounding=1, suppress_zero=suppress_zero)
    april = LinkedTable(taken([["A", 36]], ["icb"], rule=rule), {"month": ["April"]})
    found = attack(
        taken([["A", to_date]], ["icb"], rule=rule), given=[april], lookup={"month": ["April", "May"]}
    )  # fmt: skip
    told = [["between the tables", "A", "May", to_date - 36, to_date - 36, 0, True]]
    assert found.cells.values.tolist() == (told if falls else [])


def test_merged_places_beside_the_places_before() -> None:
    # I0 was 53 and the two become 53: nobody was in I1.
    before = taken([["I0", 53], ["I1", "*"], ["I2", "*"], ["All", 80]], ["icb"], total=True)
    now = taken([["Fens", 53], ["I2", 27], ["All", 80]], ["icb"], total=True)
    lookup = {"icb": {"Fens": ["I0", "I1"]}}
    found = attack(now, given=[LinkedTable(before, name="2022")], lookup=lookup)
    known = found.cells.set_index("icb")[["lower", "upper"]]
    assert known.loc["I1"].tolist() == [0, 0]
    assert set(found.cells["table"]) == {"2022"}
    assert attack(before).safe
    counts = pd.DataFrame({"icb": ["Fens", "I2"], "patients": [53, 27]})
    safe = protect(
        counts, ["icb"], "patients", totals={"icb": "All"}, rule=EXACT, published=[LinkedTable(before, name="2022")],
        lookup=lookup,
    )  # fmt: skip
    assert safe.display()["patients"].tolist() == ["*", "*", "80"]
    assert safe.beside == ("2022",)


def test_parts_beside_wholes() -> None:
    # 45 contacts of which 44 were face to face: the other is 1, and no table hides it.
    relations = [{"contacts": 1, "face_to_face_contacts": -1, "other_contacts": -1}]
    face = taken([["A", 44], ["B", 30]], ["icb"], "face_to_face_contacts")
    counts = pd.DataFrame({"icb": ["A", "B"], "contacts": [45, 60]})
    found = attack(taken([["A", 45], ["B", 60]], ["icb"], "contacts"), given=[face], relations=relations)
    assert found.fallen.values.tolist() == [["between the tables", "other_contacts", "A", 1, 1, 0, True]]
    safe = protect(
        counts, ["icb"], "contacts", totals={"icb": None}, rule=EXACT, published=[face], relations=relations
    )  # fmt: skip
    assert safe.display()["contacts"].tolist() == ["*", "60"]
    # Without the third part face-to-face contacts are all of them, which 45 and 44 contradict.
    with refused(None, row="table 1 of those given: face_to_face_contacts, icb=A"):
        attack(
            taken([["A", 45], ["B", 60]], ["icb"], "contacts"), given=[face],
            relations=[{"contacts": 1, "face_to_face_contacts": -1}],
        )  # fmt: skip


def test_a_region_shared_by_both_years_under_rounding() -> None:
    # I0=* I1=20 R=35 beside M0=20 I2=20 R=35: I0 is 0 or 1, for I1 is 18 at least and M0, both of them, 22 at most,
    # I2 is 22 at most and R 37 at most, so that the two are 19 at most where I2 is 18.
    rows = [["I0", "*"], ["I1", 20], ["I2", 20], ["All", 35]]
    before = taken(rows, ["icb"], total=True, rule=NHS)
    now = taken([["M0", 20], ["I2", 20], ["All", 35]], ["icb"], total=True, rule=NHS)
    found = attack(now, given=[before], lookup={"icb": {"M0": ["I0", "I1"]}}).cells
    assert found[["lower", "upper"]].values.tolist() == [[0, 1]]


def test_what_the_old_tables_give_away_is_named_and_refused() -> None:
    first = LinkedTable(taken([["A", 20], ["B", "*"]], ["icb"]), {"month": ["April"]}, "April")
    second = LinkedTable(taken([["A", 60], ["B", "*"], ["All", 62]], ["icb"], total=True), {"month": ["May"]}, "May")
    with refused("published", row="May: icb=B", names="2"):
        protect(
            pd.DataFrame({"icb": ["A", "B"], "patients": [80, 5]}), ["icb"], "patients", rule=EXACT,
            totals={"icb": None}, published=[first, second], lookup={"month": ["April", "May"]},
        )  # fmt: skip


@pytest.mark.parametrize(("total", "refusal"), [(62, "2"), (65, "5"), (72, "12")])
def test_of_what_the_old_tables_hide_nothing_may_be_given_away(total: int, refusal: str) -> None:
    # What they hide beside 60 is told by their total, small or not.
    old = taken([["A", 60], ["B", "*"], ["All", total]], ["icb"], total=True)
    counts = pd.DataFrame({"icb": ["A", "B"], "patients": [60, total - 60]})
    with refused("published", row=ANY, names=refusal):
        protect(counts, ["icb"], "patients", rule=EXACT, totals={"icb": None}, published=[old])


def test_what_the_old_tables_show_of_the_threshold_on_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    # Five people of A are out, and not small; of B nothing is.
    counts = pd.DataFrame({"icb": ["A", "B"], "patients": [5, 30]})
    seen: list[list[bool]] = []
    monkeypatch.setattr(Choice, "best", lambda self, exact: seen.append(self.between.tolist()) or self.primary)
    shown = protect(
        counts, ["icb"], "patients", rule=EXACT, totals={"icb": None}, published=[taken([["A", 5]], ["icb"])]
    )  # fmt: skip
    assert shown.display()["patients"].tolist() == ["5", "30"]
    assert seen == [[True, False]]
    assert (told(5, 5), told(5, 7)) == ("5", "5 to 7")


def test_all_that_the_old_tables_give_away_is_named() -> None:
    # In every month A and all are told: B, of whom there is a symbol, is one.
    months = [f"month {number}" for number in range(101)]
    rows = [[icb, month, told] for month in months for icb, told in (("A", 20), ("B", "*"), ("All", 21))]
    with pytest.raises(BadInput) as caught:
        protect(
            pd.DataFrame({"icb": ["A", "B"], "patients": [2_020, 505]}), ["icb"], "patients", rule=EXACT,
            totals={"icb": None}, published=[taken(rows, ["icb", "month"], total=True)], lookup={"month": months},
        )  # fmt: skip
    assert [problem.row for problem in caught.value.problems] == [
        f"table 1 of those given: icb=B, month={month}" for month in months
    ]
    assert caught.value.total == 101


def test_look_ups_that_do_not_fit_are_refused_at_once() -> None:
    old = taken([["A", 20], ["B", 30]], ["icb"])
    new = taken([["A", 20], ["B", 30]], ["icb"])
    with pytest.raises(BadInput) as caught:
        attack(
            new, given=[LinkedTable(old, {"icb": {"C": ["A"], "B": "B"}, "month": "April"}, "2022")],
            relations=[{"patients": 1, "others": -2}],
        )  # fmt: skip
    assert [(problem.column, problem.row, problem.value) for problem in caught.value.problems] == [
        ("lookup of 2022", "icb", "C"),
        ("lookup of 2022", "icb=B", "B"),
        ("lookup of 2022", "month", "April"),
        ("relations", "others", -2),
    ]


# Against an attacker who knows nothing of layouts: base counts, and sums of them that lie between two numbers


class Attacker:
    """Whole numbers of which sums are known to lie in intervals; each bound is an integer programme of its own."""

    def __init__(self, size: int) -> None:
        self.size, self.sums, self.ends = size, [], []

    def read(self, cells: list[int], text: str, rule: Rule, signs: list[int] | None = None) -> None:
        if text == "*":
            return
        shown = int(text)
        low, high = (shown, shown) if rule.rounding == 1 else (max(shown - 2, 5), shown + 2)
        self.know(cells, low, high, signs)

    def know(self, cells: list[int], low: float, high: float, signs: list[int] | None = None) -> None:
        row = np.zeros(self.size)
        row[cells] = 1 if signs is None else signs
        self.sums.append(row)
        self.ends.append((low, high))

    def bounds(self, cells: list[int]) -> tuple[float, float]:
        ask = np.zeros(self.size)
        ask[cells] = 1
        low, high = np.array(self.ends).T if self.ends else (np.zeros(0), np.zeros(0))
        known = [LinearConstraint(np.array(self.sums), low, high)] if self.sums else []
        found = []
        for sign in (1, -1):
            result = milp(sign * ask, constraints=known, integrality=np.ones(self.size), bounds=Bounds(0, 10_000))
            assert result.status == 0
            found.append(round(sign * result.fun))
        return found[0], found[1]


def small_counts(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.poisson(random.gamma(0.8, 14, shape))


def texts(protected) -> dict[tuple[str, ...], str]:
    frame = protected.to_frame()
    names = [dimension.name for dimension in protected.layout.dimensions]
    return {tuple(row[name] for name in names): row["display"] for _, row in frame.iterrows()}


def frame_of(labels: dict[str, list[str]], counts: np.ndarray, value: str = "patients") -> pd.DataFrame:
    index = pd.MultiIndex.from_product(labels.values(), names=list(labels))
    return pd.Series(counts.ravel(), index=index, name=value).reset_index()


def check(attacker: Attacker, hidden: list[list[int]], unpublished: list[list[int]], alone: Attacker) -> None:
    width = 4
    for cells in hidden:
        low, high = attacker.bounds(cells)
        if high - low < width:
            # What the old tables tell as narrowly, and is not small, is not the new one's doing.
            least, greatest = alone.bounds(cells)
            assert greatest - least < width
            assert low >= 5
    for cells in unpublished:
        low, high = attacker.bounds(cells)
        assert high - low >= width or low >= 5


def judged(make, reader) -> bool:
    """Whether the new table could be made; if not, the old ones have to fall by themselves."""
    protected = None
    with contextlib.suppress(BadInput):
        protected = make()
    if protected is None:
        with refused(problem("published", ANY, row=ANY), others=ANY):
            make()
        with pytest.raises(AssertionError):
            reader(None)
        return False
    reader(protected)
    return True


@pytest.mark.parametrize("rule", [EXACT, NHS], ids=["exact", "NHS"])
@pytest.mark.parametrize("seed", with_deep([1, 12], 0, 2))
def test_merged_places(rule: Rule, seed: int) -> None:
    counts = small_counts(np.random.default_rng(seed), 4, 2)
    base = np.arange(8).reshape(4, 2)
    ages, places = ["a", "b"], ["I0", "I1", "I2", "I3"]
    old = protect(frame_of({"icb": places, "age": ages}, counts), ["icb", "age"], "patients", rule=rule)
    merged = np.vstack([counts[0] + counts[1], counts[2:]])
    covered = {**{place: [at] for at, place in enumerate(places)}, "M": [0, 1], "Total": [0, 1, 2, 3]}
    of_age = {"a": [0], "b": [1], "Total": [0, 1]}

    def cells(key: tuple[str, str]) -> list[int]:
        return base[np.ix_(covered[key[0]], of_age[key[1]])].ravel().tolist()

    def make():
        return protect(
            frame_of({"icb": ["M", "I2", "I3"], "age": ages}, merged), ["icb", "age"], "patients", rule=rule,
            published=[old], lookup={"icb": {"M": ["I0", "I1"]}},
        )  # fmt: skip

    def reader(new) -> None:
        attacker, alone, hidden = Attacker(8), Attacker(8), []
        for table in [old, new] if new is not None else [old]:
            for key, text in texts(table).items():
                attacker.read(cells(key), text, rule)
                if table is not new:
                    alone.read(cells(key), text, rule)
                hidden += [cells(key)] if text == "*" else []
        check(attacker, hidden, [], alone)

    judged(make, reader)


@pytest.mark.parametrize("rule", [EXACT, NHS], ids=["exact", "NHS"])
@pytest.mark.parametrize("seed", with_deep([1], 0, 2))
def test_three_months_and_their_running_totals(rule: Rule, seed: int) -> None:
    counts = small_counts(np.random.default_rng(10 + seed), 3, 4)
    base, places = np.arange(12).reshape(3, 4), ["A", "B", "C", "D"]
    months = ["April", "May", "June"]
    tables: list[LinkedTable] = []
    for number in (1, 2, 3):
        lookup = {"month": months[:number]}
        to_date = frame_of({"icb": places}, counts[:number].sum(axis=0))

        def make(to_date=to_date, lookup=lookup):
            return protect(to_date, ["icb"], "patients", rule=rule, published=tables, lookup=lookup)

        def reader(new, number=number) -> None:
            attacker, alone, hidden = Attacker(12), Attacker(12), []
            every = [(table.table, at) for at, table in enumerate(tables, 1)] + ([(new, number)] if new else [])
            for table, upto in every:
                for (place,), text in texts(table).items():
                    at = range(4) if place == "Total" else [places.index(place)]
                    cells = base[:upto][:, list(at)].ravel().tolist()
                    attacker.read(cells, text, rule)
                    if table is not new:
                        alone.read(cells, text, rule)
                    hidden += [cells] if text == "*" else []
            unpublished = [[int(base[month, at])] for month in range(1, number) for at in range(4)]
            check(attacker, hidden, unpublished, alone)

        assert judged(make, reader)
        tables.append(LinkedTable(make(), lookup, f"to {months[number - 1]}"))


@pytest.mark.parametrize("rule", [EXACT, NHS], ids=["exact", "NHS"])
@pytest.mark.parametrize("seed", with_deep(range(2), 2, 3))
def test_a_part_and_its_whole(rule: Rule, seed: int) -> None:
    counts = small_counts(np.random.default_rng(20 + seed), 2, 4)
    base, places = np.arange(8).reshape(2, 4), ["A", "B", "C", "D"]
    old = protect(frame_of({"icb": places}, counts[0], "seen"), ["icb"], "seen", rule=rule)

    def make():
        return protect(
            frame_of({"icb": places}, counts.sum(axis=0), "waiting"), ["icb"], "waiting", rule=rule, published=[old],
            relations=[{"waiting": 1, "seen": -1, "others": -1}],
        )  # fmt: skip

    def reader(new) -> None:
        attacker, alone, hidden = Attacker(8), Attacker(8), []
        for table, measures in [(old, [0]), (new, [0, 1])]:
            for (place,), text in texts(table).items() if table is not None else ():
                at = range(4) if place == "Total" else [places.index(place)]
                cells = base[measures][:, list(at)].ravel().tolist()
                attacker.read(cells, text, rule)
                if table is not new:
                    alone.read(cells, text, rule)
                hidden += [cells] if text == "*" else []
        check(attacker, hidden, base[1][:, None].tolist(), alone)

    judged(make, reader)


@pytest.mark.parametrize("rule", [EXACT, NHS], ids=["exact", "NHS"])
@pytest.mark.parametrize("seed", with_deep(range(2), 2))
def test_crossing_groupings(rule: Rule, seed: int) -> None:
    counts = small_counts(np.random.default_rng(30 + seed), 2, 2, 2)
    base, labels = np.arange(8).reshape(2, 2, 2), ["x", "y"]
    old = protect(frame_of({"icb": labels, "age": labels}, counts.sum(axis=2)), ["icb", "age"], "patients", rule=rule)
    of = {"x": [0], "y": [1], "Total": [0, 1]}

    def make():
        table = frame_of({"icb": labels, "team": labels}, counts.sum(axis=1))
        return protect(table, ["icb", "team"], "patients", rule=rule, published=[old])

    def reader(new) -> None:
        attacker, alone, hidden = Attacker(8), Attacker(8), []
        for table, axis in [(old, 1), (new, 2)]:
            for (place, other), text in texts(table).items() if table is not None else ():
                sets = [of[place], [0, 1], [0, 1]]
                sets[axis] = of[other]
                cells = base[np.ix_(*sets)].ravel().tolist()
                attacker.read(cells, text, rule)
                if table is not new:
                    alone.read(cells, text, rule)
                hidden += [cells] if text == "*" else []
        check(attacker, hidden, [], alone)

    judged(make, reader)
