"""Metrics as SQL: made from their formulas, with the rules for zero and missing values.

A formula is read as Python, in which it is written, and built as SQL by sqlglot, which then writes each dialect.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.measures import BASES, MEASURES, POPULATION, Kind
from cmhs_metrics.numeric.containers import trace
from cmhs_metrics.numeric.expected import names_in
from cmhs_metrics.selection import column_of
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlglot import exp

Dialect = Literal["ansi", "tsql", "databricks"]
_WRITTEN: dict[str, str | None] = {"ansi": None, "tsql": "tsql", "databricks": "databricks"}
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_NOT_ADDED = "what adds over teams: organisations that several teams share do not"
MOST_PARTS = 3
"""Of a table's name: its catalogue, its schema and its own."""
# What SQL Server or PostgreSQL reserve beside the words that sqlglot knows: of "user" each row would have who asks.
_RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
    ADD ANALYSE ASYMMETRIC AUTHORIZATION BACKUP BOTH BREAK BROWSE BULK BY CASCADE CAST CHECK CHECKPOINT CLOSE CLUSTERED
    COALESCE COMPUTE CONTAINS CONTINUE CONVERT CURRENT CURRENT_ROLE CURSOR DEALLOCATE DECLARE DEFERRABLE DENY DISK
    DISTRIBUTED DO DUMP EXEC EXIT EXTERNAL FILLFACTOR FREETEXT FREEZE GOTO IDENTITY IF INITIALLY KEY LEADING LINENO
    NATIONAL NOCHECK NULLIF OF OFF OFFSETS ONLY OPEN OPTION PLACING PLAN PRECISION PRINT PROC PUBLIC READ RECONFIGURE
    REPLICATION RESTORE RESTRICT RETURN REVERT ROWCOUNT RULE SAVE SHUTDOWN STATISTICS SYMMETRIC SYSTEM_USER TEXTSIZE TO
    TOP TRAILING TRAN TRANSACTION USER VARIADIC VARYING VERBOSE WAITFOR WHILE WITHIN
        """,
    )
)
_SHARE, _MEAN = " / sum of ", "mean of "


class _Wanted(NamedTuple):
    """A column of the query: its name, the columns that it takes, and what makes it from them."""

    name: str
    takes: tuple[str, ...]
    kind: Literal["ratio", "share", "mean", "total"]
    code: str = ""


@checked
def sql(
    metrics: str | Callable[..., Any] | Sequence[str | Callable[..., Any]],
    *,
    dialect: Dialect = "ansi",
    table: str = "teams",
    by: str | Sequence[str] | None = None,
    populations: str | None = None,
) -> str:
    """Write metrics, and totals of measures, as a query.

    Parameters
    ----------
    metrics : str, function or sequence of them
        Metrics by name; a rate per 100,000 with the population that it stands on ("caseload_per_100k_weighted"), or
        without where the table holds one column `registered_population`. With `by`, measures too: their totals.
    dialect : {"ansi", "tsql", "databricks"}, default "ansi"
        Whose SQL: the standard's, as DuckDB, SQLite and PostgreSQL take it, SQL Server's, or Databricks'.
    table : str, default "teams"
        The table or view, with its schema and catalogue before it where they are needed ("warehouse.dbo.teams"): a row
        for each team and one period, with columns named as the measures are.
    by : str or sequence of str, optional
        The columns to group by: measures are added first and metrics computed of the totals, as `aggregate` does.
        Without them each row has its own metrics, as in `with_metrics`.
    populations : str, optional
        The table of people, a row for each place, with the columns of `by`; needed for rates of groups, for people are
        of places and must not be added over teams.

    Returns
    -------
    str
        The query.

    Raises
    ------
    BadInput
        When a name is no metric or measure, when what is asked for is no ratio, share, mean or total (a median is
        written otherwise in every dialect, and is in SQLite not there at all), or a rate has no table of people.

    Notes
    -----
    The rules of the package hold: division by nothing is null; a total is missing where a part of it is; numbers are
    divided and averaged as 64-bit floats, where SQL Server would give whole numbers of whole numbers. What is not
    written is the checking: negative counts and parts above their wholes pass, so validate the table first. A NaN in a
    column of floats is not null to a database: load it as null. Stocks do not add over time, so a table of several
    periods needs its period in `by`. A share of a whole (`caseload_share`) is of all the rows or groups of the query.
    The SQL of SQL Server and of Databricks is checked by parsing; it was not run there.

    Examples
    --------
    >>> print(sql("cost_per_contact"))
    SELECT
      *,
      CAST(total_cost AS DOUBLE PRECISION) / NULLIF(CAST(contacts AS DOUBLE PRECISION), 0) AS cost_per_contact
    FROM teams
    >>> print(sql("dna_rate", dialect="tsql", table="dbo.teams", by="icb"))
    WITH totals AS (
      SELECT
        icb AS icb,
        CASE WHEN COUNT(did_not_attends) = COUNT_BIG(*) THEN SUM(CAST(did_not_attends AS FLOAT)) END AS did_not_attends,
        CASE WHEN COUNT(contacts) = COUNT_BIG(*) THEN SUM(CAST(contacts AS FLOAT)) END AS contacts
      FROM dbo.teams
      GROUP BY
        icb
    )
    SELECT
      totals.icb,
      totals.did_not_attends / NULLIF(totals.did_not_attends + totals.contacts, 0) AS dna_rate
    FROM totals
    """
    from sqlglot import exp

    keys = [] if by is None else names_in("sql", "by", by, "the name of a column, or several")
    problems: list[Problem] = []
    if dialect not in get_args(Dialect):
        problems.append(Problem("dialect", None, dialect, f"one of {', '.join(get_args(Dialect))}"))
    wanted = _wanted(metrics, bool(keys), problems)
    people = {name for each in wanted for name in each.takes if _of_places(name)}
    if keys and people and populations is None:
        what = "the table of people by place, for rates of groups"
        problems.append(Problem("populations", None, None, what))
    named = {"table": table} | ({} if populations is None else {"populations": populations})
    problems += [
        Problem(argument, None, name, "the name of a table, with no more than its catalogue and schema before it")
        for argument, name in named.items()
        if not all(parts := str(name).split(".")) or len(parts) > MOST_PARTS
    ]
    if problems:
        raise BadInput("sql", problems)
    if not keys:
        query = exp.select("*", *(exp.alias_(_built(each, _of_a_row), each.name) for each in wanted))
        return _text(query.from_(_table(table)), dialect)
    query = exp.Select()
    counted = dict.fromkeys(name for each in wanted if each.kind != "mean" for name in each.takes if name not in people)
    means = [each for each in wanted if each.kind == "mean"]
    totals = _grouped(table, keys, {name: _total(_column(name)) for name in counted})
    totals = totals.select(*(exp.alias_(_built(each, _column), each.name) for each in means))
    # A name that a table has would be read as the query itself.
    taken = [name.lower() for name in named.values()]
    of_teams, of_places = (f"{name}_" if name in taken else name for name in ("totals", "people"))
    query = query.with_(of_teams, as_=totals)
    if people:
        of_people = {name: _total(_column(name)) for name in sorted(people)}
        query = query.with_(of_places, as_=_grouped(str(populations), keys, of_people))
    query = query.select(*(_column(key, of_teams) for key in keys)).from_(of_teams)
    if people:
        on = exp.and_(*(_column(key, of_places).eq(_column(key, of_teams)) for key in keys))
        query = query.join(of_places, on=on, join_type="left")

    def of_totals(name: str) -> exp.Expression:
        return _column(name, of_places if name in people else of_teams)

    # All at once: a query is copied whole each time that something is added to it.
    made = {each.name: of_totals(each.name) if each.kind == "mean" else _built(each, of_totals) for each in wanted}
    return _text(query.select(*(exp.alias_(value, name) for name, value in made.items())), dialect)


def of_a_dataset(metric: str, dataset: str, dialect: Dialect) -> str | None:
    """A metric as one expression over the rows of a dataset; None where it is none.

    Rates per 100,000 are none: people stand with places, and would be counted with every team of the place. Nor are
    means: their values are those of patients.
    """
    problems: list[Problem] = []
    found = _wanted([metric], True, problems)
    if problems or found[0].kind in ("share", "mean") or any(_of_places(name) for name in found[0].takes):
        return None

    def total(name: str) -> exp.Expression:
        return _total(_column(name, dataset))

    return _text(_built(found[0], total), dialect, pretty=False)


def _wanted(metrics: Any, grouped: bool, problems: list[Problem]) -> list[_Wanted]:
    from cmhs_metrics.catalogue import CATALOGUE

    found = []
    for name in names_in("sql", "metrics", metrics, "the name of a metric, or several"):
        if grouped and name in MEASURES:
            if _does_not_add(name):
                problems.append(Problem("metrics", None, name, _NOT_ADDED))
            found.append(_Wanted(name, (name,), "total"))
            continue
        held = column_of(name)
        if held is None:
            hint = nearest(name, [*CATALOGUE, *(MEASURES if grouped else ())])
            expected = f"a metric{' or a measure' if grouped else ''}; {hint}".rstrip("; ")
            problems.append(Problem("metrics", None, name, expected))
            continue
        metric, basis = held
        basis = basis or (BASES["registered"] if POPULATION in metric.inputs else None)
        takes = tuple(basis.measure if basis and each == POPULATION else each for each in metric.inputs)
        traced = trace(metric.contract)
        kind: Any = "share" if _SHARE in traced.text else "mean" if traced.text.startswith(_MEAN) else "ratio"
        if (metric.contract.many and kind == "ratio") or (basis and basis.measure not in basis.needs):
            problems.append(Problem("metrics", None, name, "a ratio, share, mean or total of columns"))
            continue
        if grouped and any(_does_not_add(each) for each in takes):
            problems.append(Problem("metrics", None, name, _NOT_ADDED))
            continue
        shown = f"{metric.name}_{basis.suffix}" if basis else metric.name
        code = traced.code if basis is None else re.sub(rf"\b{POPULATION}\b", basis.measure, traced.code)
        found.append(_Wanted(shown, takes, kind, code))
    return found


def _does_not_add(name: str) -> bool:
    return name in MEASURES and MEASURES[name].kind is Kind.DISTINCT


def _of_places(name: str) -> bool:
    return name in MEASURES and MEASURES[name].kind is Kind.POPULATION


def _built(wanted: _Wanted, part: Callable[[str], exp.Expression]) -> exp.Expression:
    """The expression of a column, whose parts are columns, totals or whatever `part` makes of a name."""
    from sqlglot import exp

    if wanted.kind == "total":
        return part(wanted.takes[0])
    if wanted.kind == "mean":
        return _where_all(part(wanted.takes[0]), exp.Avg)
    if wanted.kind == "share":
        value = part(wanted.takes[0])
        known, rows = exp.Count(this=value.copy()), exp.Count(this=exp.Star(), big_int=True)
        every = exp.Window(this=known).eq(exp.Window(this=rows))
        whole = exp.Case().when(every, exp.Window(this=exp.Sum(this=value.copy())))
        return _over(value, whole)
    return _read(ast.parse(wanted.code, mode="eval").body, part)


def _read(node: ast.expr, part: Callable[[str], exp.Expression]) -> exp.Expression:
    """A formula, read as Python, as SQL."""
    from sqlglot import exp

    if isinstance(node, ast.IfExp):
        # The zero rule, which here stands in the division itself.
        return _read(node.body, part)
    if isinstance(node, ast.Name):
        return part(node.id)
    if isinstance(node, ast.Constant):
        return exp.Literal.number(repr(node.value))
    if isinstance(node, ast.BinOp):
        left, right = (_read(side, part) for side in (node.left, node.right))
        if isinstance(node.op, ast.Div):
            return _over(exp.paren(left) if isinstance(node.left, ast.BinOp) else left, right)
        made: dict[type[ast.operator], Any] = {ast.Add: exp.Add, ast.Sub: exp.Sub, ast.Mult: exp.Mul}
        if type(node.op) in made:
            built: exp.Expression = made[type(node.op)](this=left, expression=right)
            return built
    raise BadInput("sql", [Problem("metrics", None, ast.unparse(node), "a formula of sums, products and quotients")])


def _over(above: exp.Expression, below: exp.Expression) -> exp.Expression:
    from sqlglot import exp

    return exp.Div(this=above, expression=exp.Nullif(this=below, expression=exp.Literal.number(0)), typed=True)


def _total(column: exp.Expression) -> exp.Expression:
    from sqlglot import exp

    return _where_all(column, exp.Sum)


def _where_all(column: exp.Expression, of: Any) -> exp.Expression:
    """A sum or mean as a float, where no value is missing."""
    from sqlglot import exp

    every = exp.Count(this=column.copy()).eq(exp.Count(this=exp.Star(), big_int=True))
    return exp.Case().when(every, of(this=_float(column)))


def _grouped(table: str, keys: list[str], made: dict[str, exp.Expression]) -> exp.Select:
    from sqlglot import exp

    columns = [*(_column(key) for key in keys), *(exp.alias_(total, name) for name, total in made.items())]
    return exp.select(*columns).from_(_table(table)).group_by(*(_column(key) for key in keys))


def _of_a_row(name: str) -> exp.Expression:
    return _float(_column(name))


def _float(column: exp.Expression) -> exp.Expression:
    from sqlglot import exp

    return exp.cast(column.copy(), exp.DataType.Type.DOUBLE)


def _name(name: str) -> exp.Identifier:
    """A name, in quotes where it is not plain or means something to a database."""
    from sqlglot import exp

    return exp.Identifier(this=name, quoted=not _PLAIN.fullmatch(name) or name.upper() in _meant())


@cache
def _meant() -> frozenset[str]:
    """Words that mean something to a database."""
    from sqlglot import tokens

    return frozenset(word.split()[0] for word in tokens.Tokenizer.KEYWORDS) | _RESERVED


def _column(name: str, table: str | None = None) -> exp.Expression:
    from sqlglot import exp

    return exp.column(_name(name), table=_name(table) if table else None)


def _table(name: str) -> exp.Table:
    from sqlglot import exp

    parts = [_name(part) for part in reversed(name.split("."))]
    return exp.Table(**dict(zip(("this", "db", "catalog"), parts, strict=False)))


def _text(query: exp.Expression, dialect: Dialect, *, pretty: bool = True) -> str:
    text = query.sql(dialect=_WRITTEN[dialect], pretty=pretty, max_text_width=110)
    # The standard's name, which every engine that follows it knows as well.
    return re.sub(r"\bAS DOUBLE\)", "AS DOUBLE PRECISION)", text) if dialect == "ansi" else text
