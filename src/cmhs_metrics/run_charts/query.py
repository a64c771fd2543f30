"""The run chart as one query, on whatever engine the table is: windows over the rows of each chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.frames import as_text, beside, is_text
from cmhs_metrics.run_charts.chart_types import LIMIT_FACTORS, RANGE_FACTORS, impossible
from cmhs_metrics.run_charts.options import COLUMNS, SIGNALS
from cmhs_metrics.run_charts.points import Groups, in_rhythm, require_columns
from cmhs_metrics.run_charts.rules import EQUAL, NEAR
from cmhs_metrics.run_charts.settings import baselines, dated_targets, directions, rebase_dates, refuse
from cmhs_metrics.trends.periods import ordinals_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cmhs_metrics.run_charts.options import Options
    from cmhs_metrics.run_charts.settings import Setting

    Frame = nw.LazyFrame[Any]

_OWN = "_run_chart_"
"""Begins the names of columns that are taken away again."""
_SHOWN = 20
"""So many rows that cannot be charted are named."""


def _own(name: str) -> nw.Expr:
    return nw.col(_OWN + name)


def query_chart(frame: Frame, options: Options, setting: Setting) -> tuple[Frame, list[float]]:
    """The chart as a query, and the baselines that were asked for.

    `frame`: a row for each group and period. `options`: what is the same for all groups. Gives the query; its
    distinct periods, its groups where a setting differs, and what cannot be charted were looked at.
    """
    schema = frame.collect_schema()
    require_columns(schema, options.by, options.period, options.roles)
    if is_text(schema[options.period]):
        # Categories are joined with no text.
        frame = frame.with_columns(as_text(options.period))
    labels = _distinct(frame, [options.period])[options.period]
    if not labels:
        raise BadInput("run_chart", [Problem(None, None, None, "at least one row")])
    problems: list[Problem] = []
    frequency, step, ordinals = ordinals_of(labels, problems, options.period)
    refuse(problems)
    by = options.by if setting.differs else []
    cells = _distinct(frame, by) if by else {}
    groups = Groups(by, list(zip(*cells.values(), strict=True)) if by else [()], frequency, labels[0])
    _refuse_rows(frame, options)
    counted, longest = ordinals, None
    if frequency is not None and not options.chart.of_events:
        counted, longest = in_rhythm(ordinals, frequency, step, lambda each: _steps(frame, options, labels, each))
    bases = baselines(setting.baseline, groups, problems)
    rows = frame.select(*options.keys, *(_number(name).alias(_OWN + role) for role, name in options.roles.items()))
    periods = {options.period: labels, f"{_OWN}at": _floats(ordinals)}
    if longest is not None:
        periods[f"{_OWN}beat"] = _floats(counted)
    rows = rows.join(beside(rows, periods), on=options.period, how="inner")
    rows, given = _with_settings(rows, groups, setting, bases, (min(ordinals), max(ordinals)), problems)
    refuse(problems)
    return _Query(options, given, longest).chart(rows), bases[~np.isnan(bases)].tolist()


def _distinct(frame: Frame, names: list[str]) -> dict[str, list[Any]]:
    found = frame.select(*map(nw.col, names)).unique().sort(*names).collect()
    return {name: found.get_column(name).to_list() for name in names}


def _floats(numbers: Any) -> list[float]:
    return [float(each) for each in numbers]


def _number(name: str) -> nw.Expr:
    """A column as numbers, null where it is not a number: engines put NaN above every number."""
    number = nw.col(name).cast(nw.Float64)
    return nw.when(~number.is_nan()).then(number)


def _flag(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def _steps(frame: Frame, options: Options, labels: list[Any], ordinals: Any) -> NDArray[Any]:
    """The steps from each point of a group to the next."""
    periods = beside(frame, {options.period: labels, f"{_OWN}at": _floats(ordinals)})
    rows = frame.select(*options.by, options.period).join(periods, on=options.period, how="inner")
    step = (_own("at") - _over(_own("at").shift(1), options.by, f"{_OWN}at")).alias(f"{_OWN}step")
    found = rows.with_columns(step).filter(~_own("step").is_null()).group_by(f"{_OWN}step").agg(nw.len().alias("rows"))
    counts = found.collect()
    return np.repeat(counts.get_column(f"{_OWN}step").to_numpy(), counts.get_column("rows").to_numpy())


def _over(expression: nw.Expr, by: list[str], order: str | None = None) -> nw.Expr:
    if not by and order is None:
        return expression
    return expression.over(*by, order_by=order) if order else expression.over(*by)


def _refuse_rows(frame: Frame, options: Options) -> None:
    """Look for rows that cannot be charted, and name them."""
    numbers = {role: _number(name) for role, name in options.roles.items()}
    wrong = [(role, ~number.is_finite(), "a finite number") for role, number in numbers.items()]
    wrong += impossible(options.chart, numbers, options.possible, options.fractional)
    names = [f"{_OWN}wrong{at}" for at in range(len(wrong))]
    flags = [_flag(condition).alias(name) for name, (_, condition, _) in zip(names, wrong, strict=True)]
    keys = [*options.by, options.period]
    sums = [nw.col(name).sum() for name in names]
    values = [numbers[role].max().alias(f"{_OWN}{role}") for role in numbers]
    counted = frame.with_columns(*flags).group_by(*keys).agg(nw.len().alias(f"{_OWN}rows"), *sums, *values)
    bad = (_own("rows") > 1) | nw.any_horizontal(
        *(nw.col(name) > 0 for name in names), *(nw.col(name).is_null() for name in keys), ignore_nulls=False
    )
    problems = []
    for row in counted.filter(bad).head(_SHOWN).collect().iter_rows(named=True):
        place = ", ".join(f"{name}={row[name]}" for name in keys)
        problems += [
            Problem(name, None, None, "a key in every row, but it is missing in some")
            for name in keys if row[name] is None
        ]  # fmt: skip
        if row[f"{_OWN}rows"] > 1:
            expected = "a period that stands once in its group"
            problems.append(Problem(options.period, place, str(row[options.period]), expected))
        problems += [
            Problem(options.roles[role], place, row[f"{_OWN}{role}"], expected)
            for name, (role, _, expected) in zip(names, wrong, strict=True)
            if row[name]
        ]
    refuse(list(dict.fromkeys(problems)))


def _with_settings(
    rows: Frame, groups: Groups, setting: Setting, bases: Any, span: tuple[Any, Any], problems: list[Problem]
) -> tuple[Frame, dict[str, nw.Expr]]:
    """The direction of good, the baseline, how many rebase dates are passed, and the target, of each row."""
    good = directions(setting.improvement, groups, problems)
    dates = rebase_dates(setting.rebase, groups, problems)
    targets = dated_targets(setting.target, groups, problems)
    for position, each in enumerate(dates):
        problems += [
            Problem("rebase", groups.row(position), str(date), "a period after the first, and not after the last")
            for ordinal, date in each.items() if not span[0] < ordinal <= span[1]
        ]  # fmt: skip
    columns: dict[str, list[float]] = {"good": good.tolist(), "base": np.nan_to_num(bases, nan=np.inf).tolist()}
    changes, most = max(map(len, dates)), max(map(len, targets))
    for at in range(changes):
        columns[f"rebase{at}"] = [float(sorted(each)[at]) if at < len(each) else np.inf for each in dates]
    for at in range(most):
        columns[f"from{at}"] = [each[at][0] if at < len(each) else np.inf for each in targets]
        columns[f"target{at}"] = [each[at][1] if at < len(each) else np.nan for each in targets]
    if groups.by:
        keys = {name: list(cells) for name, cells in zip(groups.by, zip(*groups.groups, strict=True), strict=True)}
        floats = {_OWN + name: _floats(cells) for name, cells in columns.items()}
        rows = rows.join(beside(rows, keys | floats), on=groups.by, how="left")
        of = {name: _own(name) for name in columns}
    else:
        of = {name: nw.lit(float(cells[0])) for name, cells in columns.items()}
    given = {name: of[name] for name in ("good", "base")}
    if setting.rebase is not None:
        given["passed"] = sum((_flag(_own("at") >= of[f"rebase{at}"]) for at in range(changes)), nw.lit(0))
    target: nw.Expr = nw.lit(None, nw.Float64)
    for at in range(most):
        target = nw.when(_own("at") >= of[f"from{at}"]).then(of[f"target{at}"]).otherwise(target)
    given["target"] = _own("target") if f"{_OWN}target" in rows.collect_schema() else target
    if setting.baseline is None:
        del given["base"]
    return rows, given


class _Query:
    """The steps of a chart's query; each adds columns to those before it, as few as can be."""

    def __init__(self, options: Options, given: dict[str, nw.Expr], longest: float | None) -> None:
        self.options, self.given = options, given
        self.longest = longest if options.missing == "break" else None
        self.phase = [*options.by, *(["phase"] if "passed" in given else [])]
        # Where points that are missing are skipped, those that are known follow one another.
        self.chain = [*self.phase, *([f"{_OWN}known"] if options.missing == "skip" else [])]
        self.level, self.before = _own("level"), _own("level_before")
        self.known = ~self.level.is_null()
        self.inside = _own("in") == 1 if "base" in given else self.known

    def chart(self, rows: Frame) -> Frame:
        """All steps."""
        return self._named(self._judged(self._limited(self._chained(rows))))

    def _next(self, name: str, steps: int) -> nw.Expr:
        """What another row of the chain has."""
        return _over(_own(name).shift(-steps), self.chain, f"{_OWN}at")

    def _chained(self, rows: Frame) -> Frame:
        """Which points are known, of which phase they are, which of its baseline, and which follow another."""
        chart, by, order = self.options.chart, self.options.by, f"{_OWN}at"
        level = _own("value")
        if chart.denominator:
            level = nw.when(_own("denominator") > 0).then(level / _own("denominator"))
        level = level**chart.power if chart.power != 1 else level
        rows = rows.with_columns(level.alias(f"{_OWN}level"), nw.lit(1).alias("phase"))
        if "passed" in self.given:
            rows = rows.with_columns(self.given["passed"].alias(f"{_OWN}passed"))
            # A date with no point before the next one begins no phase.
            begins = _flag(_own("passed") > _over(_own("passed").shift(1), by, order)).alias(f"{_OWN}begins")
            rows = rows.with_columns(begins)
            rows = rows.with_columns((1 + _over(_own("begins").cum_sum(), by, order)).alias("phase"))
        if self.options.missing == "skip" or "base" in self.given:
            rows = rows.with_columns(_flag(self.known).alias(f"{_OWN}known"))
        names = ["level", *(["beat"] if self.longest is not None else [])]
        names += ["denominator"] if chart.moving_range and chart.denominator else []
        made = [self._next(name, -1).alias(f"{_OWN}{name}_before") for name in names]
        if "base" in self.given:
            made.append(_over(_own("known").cum_sum(), self.chain, order).alias(f"{_OWN}place"))
        rows = rows.with_columns(*made)
        if "base" in self.given:
            rows = rows.with_columns(_flag(self.known & (_own("place") <= self.given["base"])).alias(f"{_OWN}in"))
        return rows

    @property
    def _follows(self) -> nw.Expr:
        follows = self.known & ~self.before.is_null()
        return follows if self.longest is None else follows & (_own("beat") - _own("beat_before") <= self.longest)

    def _limited(self, rows: Frame) -> Frame:
        """The centre of each phase, and the reach of chance."""
        chart, options, inside = self.options.chart, self.options, self.inside
        averaged = nw.when(inside).then(_own("value") if chart.denominator else self.level)
        middle = _over(averaged.median() if options.centre == "median" else averaged.mean(), self.phase)
        if chart.denominator:
            middle = middle / _over(nw.when(inside).then(_own("denominator")).mean(), self.phase)
        made = {"centre": middle, "size": _over(_flag(self.known).sum(), self.phase)}
        if "base" in self.given:
            made["points"] = _over(_flag(inside).sum(), self.phase)
        one, other = self.level, self.before
        if chart.sigma is None:
            made["average"] = self._average(inside, one, other)
        rows = rows.with_columns(*(each.alias(_OWN + name) for name, each in made.items()))
        if chart.moving_range and chart.sigma is not None:
            one = _divided(one - _own("centre"), self._sigma)
            earlier = chart.sigma(_own("centre"), _own("denominator_before") if chart.denominator else None)
            other = _divided(other - _own("centre"), earlier)
            rows = rows.with_columns(self._average(inside, one, other).alias(f"{_OWN}average"))
        if chart.moving_range and options.screened:
            kept = (one - other).abs() < RANGE_FACTORS[options.moving_range] * _own("average")
            average = self._average(inside & (kept | (_own("average") == 0)), one, other)
            rows = rows.with_columns(average.alias(f"{_OWN}average"))
        return rows

    def _average(self, kept: nw.Expr, one: nw.Expr, other: nw.Expr) -> nw.Expr:
        ranges = nw.when(kept & self._follows).then((one - other).abs())
        return _over(ranges.median() if self.options.moving_range == "median" else ranges.mean(), self.phase)

    @property
    def _sigma(self) -> nw.Expr:
        chart = self.options.chart
        under: nw.Expr = nw.lit(1.0)
        if chart.denominator:
            under = nw.when(_own("denominator") > 0).then(_own("denominator"))
        return nw.lit(1.0) if chart.sigma is None else chart.sigma(_own("centre"), under)

    @property
    def _lines(self) -> tuple[nw.Expr, nw.Expr, nw.Expr]:
        """The line of the runs, and the limits before they are cut."""
        chart, centre = self.options.chart, _own("centre")
        reach = 3.0 * self._sigma
        if chart.moving_range:
            reach = LIMIT_FACTORS[self.options.moving_range] * _own("average") * self._sigma
        line = centre
        if chart.centre_line is not None:
            line = nw.when(centre > 0).then(chart.centre_line(centre)).otherwise(centre)
        return line, centre - reach, centre + reach

    def _judged(self, rows: Frame) -> Frame:
        """The rules: each looks from a point at those before and after it."""
        length, level = self.options.length, self.level
        line, lower, upper = self._lines
        side = _side(level, line)
        follows = _flag(self._follows)
        same = self._follows & (side == _side(self.before, line)) & (side != 0)
        step = nw.when(self._follows).then(_side(level, self.before)).otherwise(nw.lit(0))
        near = _flag(_side(level, line + NEAR * (upper - line)) > 0)
        near = near - _flag(_side(level, line - NEAR * (line - lower)) < 0)
        # Two things in one number, so that the engine fetches from each of the other rows but two: 10 for a link, and
        # the step; 10 for a neighbour, and the side, doubled where it is near the limit.
        rows = rows.with_columns(
            (10 * _flag(same) + step).alias(f"{_OWN}linked"), (10 * follows + side + near).alias(f"{_OWN}leaning")
        )
        reach = [at for at in range(1 - length, length) if at]
        rows = rows.with_columns(
            *(self._next("linked", at).alias(f"{_OWN}linked{at}") for at in reach),
            *(self._next("leaning", at).alias(f"{_OWN}leaning{at}") for at in (-2, -1, 1, 2)),
        )

        def at(name: str, steps: int) -> nw.Expr:
            return _own(f"{name}{steps}" if steps else name)

        def in_a_row(*codes: int) -> nw.Expr:
            """Whether links on the one side of the point and on the other are enough, unbroken, for a pattern."""
            counts = []
            for direction in (range(0, 1 - length, -1), range(1, length)):
                count: nw.Expr = nw.lit(0)
                for steps in reversed(direction):
                    count = nw.when(at("linked", steps).is_in(codes)).then(1 + count).otherwise(nw.lit(0))
                counts.append(count)
            return counts[0] + counts[1] >= length - 1

        def leans(steps: int) -> nw.Expr:
            leaning = at("leaning", steps)
            return nw.when(leaning > 5).then(leaning - 10).otherwise(leaning)

        rows = rows.with_columns(
            _flag(in_a_row(9, 10, 11)).alias("run"),
            (_flag(in_a_row(1, 11)) - 2 * _flag(in_a_row(-1, 9))).alias("trend"),
            *(leans(steps).alias(f"{_OWN}lean{steps}") for steps in range(-2, 3)),
        )
        two: nw.Expr = nw.lit(0)
        for sign in (1, -1):
            found = []
            for last in (0, 1, 2):
                lean = [sign * _own(f"lean{steps}") for steps in (last - 2, last - 1, last)]
                together = (at("leaning", last) > 5) & (at("leaning", last - 1) > 5)
                # Two of the three beyond two sigma and one on their side: 2 + 2 + 1.
                found.append(together & (lean[0] + lean[1] + lean[2] >= 5))
            within = nw.any_horizontal(*found, ignore_nulls=True)
            two = nw.when(within & (_own("lean0") == 2 * sign)).then(nw.lit(sign)).otherwise(two)
        good, linked = self.given["good"], _own("linked")
        # At a turning point both hold, 1 - 2: the improvement, or else the trend that reaches it.
        reaching = nw.when(linked.is_in((1, 11))).then(nw.lit(1)).otherwise(nw.lit(-1))
        turning = nw.when(good > 0).then(nw.lit(1)).when(good < 0).then(nw.lit(-1)).otherwise(reaching)
        above, below = _side(level, upper), _side(level, lower)
        return rows.with_columns(
            nw.when(above > 0).then(above).when(below < 0).then(below).otherwise(nw.lit(0)).alias("outside_limits"),
            nw.when(nw.col("run") == 1).then(_side(level, line)).otherwise(nw.lit(0)).alias("run"),
            nw.when(nw.col("trend") == -1).then(turning).when(nw.col("trend") == -2).then(nw.lit(-1))
            .otherwise(nw.col("trend")).alias("trend"),
            two.alias("two_of_three"),
        )  # fmt: skip

    def _named(self, rows: Frame) -> Frame:
        """The columns of the chart, in their units and words."""
        chart, options, good = self.options.chart, self.options, self.given["good"]

        def shown(level: nw.Expr) -> nw.Expr:
            level = level ** (1 / chart.power) if chart.power != 1 else level
            return level * options.per if options.per != 1 else level

        line, lower, upper = self._lines
        least, greatest = options.possible
        if np.isfinite(least):
            lower = nw.when(lower < least).then(nw.lit(least)).otherwise(lower)
        if np.isfinite(greatest):
            upper = nw.when(upper > greatest).then(nw.lit(greatest)).otherwise(upper)
        rows = rows.with_columns(
            self.inside.alias("in_baseline"),
            _own("points" if "base" in self.given else "size").alias("points"),
            (_own("size") < options.minimum_points).alias("trial"),
            (shown(self.level) if chart.denominator else _own("value")).alias("plotted"),
            shown(line).alias("centre"),
            shown(lower).alias("lower"),
            shown(upper).alias("upper"),
            nw.when(good > 0).then(nw.lit("high")).when(good < 0).then(nw.lit("low")).alias("improvement"),
            self.given["target"].alias("target"),
        )
        first: nw.Expr = nw.lit(0)
        for name in reversed(SIGNALS):
            first = nw.when(nw.col(name) != 0).then(nw.col(name)).otherwise(first)
        improves = nw.any_horizontal(*(nw.col(name) * good == 1 for name in SIGNALS), ignore_nulls=False)
        cause = (
            nw.when(first == 0).then(nw.lit("none"))
            .when((good == 0) & (first > 0)).then(nw.lit("high"))
            .when(good == 0).then(nw.lit("low"))
            .when(improves).then(nw.lit("improvement"))
            .otherwise(nw.lit("concern"))
        )  # fmt: skip
        target, lower, upper = nw.col("target"), nw.col("lower"), nw.col("upper")
        judged = ~target.is_null() & ~lower.is_null() & (good != 0) & ~nw.col("trial")
        passed = ((target < lower) & (good > 0)) | ((target > upper) & (good < 0))
        failed = ((target < lower) & (good < 0)) | ((target > upper) & (good > 0))
        promise = nw.when(passed).then(nw.lit("pass")).when(failed).then(nw.lit("fail"))
        rows = rows.with_columns(
            nw.when(self.known).then(cause).alias("special_cause"),
            nw.when(judged).then(promise.otherwise(nw.lit("hit or miss"))).alias("assurance"),
        )
        return rows.select(*options.keys, *COLUMNS)


def _divided(distance: nw.Expr, sigma: nw.Expr) -> nw.Expr:
    """Where chance has no room, all is at the centre."""
    return nw.when(sigma > 0).then(distance / sigma).otherwise(nw.lit(0.0))


def _side(value: nw.Expr, line: nw.Expr) -> nw.Expr:
    """On which side of a line a value is, as `rules` has it."""
    size = nw.max_horizontal(value.abs(), line.abs())
    distance = value - line
    near = distance.abs() <= EQUAL * size
    return nw.when(near | distance.is_null()).then(nw.lit(0)).when(distance > 0).then(nw.lit(1)).otherwise(nw.lit(-1))
