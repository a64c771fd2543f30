"""Spark: its SQL wherever a plan can be kept small, for it takes longer to plan than small tables take to compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.records.cleaning import DATE_PART, LATE, MONTHS
from cmhs_metrics.mhsds.records.dates import EPOCH, ZONE
from cmhs_metrics.mhsds.records.engine import Engine
from cmhs_metrics.mhsds.records.sql import Dialect
from cmhs_metrics.signatures import LARGEST_EXACT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.mhsds.records.engine import Change, Frame


class SparkSQL(Dialect):
    """What raises in no mode of Spark: in its ANSI mode a cast that fails is an error."""

    text, integer, bytes_, trim, group, every = "STRING", "INT", "octet_length", "btrim", "$", ""

    def quoted(self, name: str) -> str:
        """Between back quotes."""
        return "`" + name.replace("`", "``") + "`"

    def literal(self, text: str) -> str:
        """With backslashes as they are."""
        return f"r'{text}'"

    def last(self, x: str) -> str:
        """By its own function."""
        return f"right({x}, 1)"

    def day_of_text(self, x: str, *, known: bool = False) -> str:
        """By way of ISO text: what is no calendar date, a cast tells."""
        text = f"upper({self.trimmed(x)})"
        x = f"regexp_extract({text}, {self.literal(DATE_PART)}, 1)"
        x = self.replaced(x, "^([0-9]{4})[-/]?([0-9]{2})[-/]?([0-9]{2})$", "$1-$2-$3")
        x = self.replaced(x, "^([0-9]{1,2})[-/. ]?([0-9]{1,2}|[A-Z]{3})[-/. ]?([0-9]{4})$", "$3-$2-$1")
        for month, number in MONTHS.items():
            x = f"replace({x}, '{month}', '{number}')"
        day = f"TRY_CAST({self.replaced(x, '^0000.*$')} AS DATE)"
        late = f"from_utc_timestamp(CAST({day} AS TIMESTAMP) + INTERVAL 23 HOURS, '{ZONE}')"
        is_late = f"{text} RLIKE {self.literal(LATE)}"
        return self.day_of_date(f"CASE WHEN {is_late} THEN CAST({late} AS DATE) ELSE {day} END", known=known)

    def in_england(self, x: str) -> str:
        """As it is: Spark knows no times but those of its session's zone."""
        return x

    def number_of_date(self, x: str) -> str:
        """By its own function."""
        return f"unix_date({x})"

    def whole(self, x: str, dtype: Any) -> str:
        """A cast cuts the fraction off."""
        return f"CAST(CASE WHEN {x} > -{LARGEST_EXACT} AND {x} < {LARGEST_EXACT} THEN {x} END AS BIGINT)"


class Spark(Engine):
    """Spark, lazily."""

    sql = SparkSQL()

    def read(self, frame: Frame, changes: Sequence[Change]) -> Frame:
        """One projection of SQL."""
        return nw.from_native(
            frame.to_native().selectExpr(*(f"{each.sql} AS {self.sql.quoted(each.alias)}" for each in changes))
        )

    def of_last_month(self, rows: Frame, item: Sequence[str], month: str) -> Frame:
        """All of them: to tell which they are, every row would be sent to where the others of its item are."""
        return rows

    def first_two(
        self, referrals: Frame, contacts: Frame, by: Sequence[str], flags: Sequence[str], *, days: bool = False
    ) -> Frame:
        """Keeps a list of days, so that the referrals stand once in the plan."""
        grouped = contacts.to_native().groupBy(*by).agg({"day": "collect_list"} | dict.fromkeys(flags, "sum"))
        sums = (f"`sum({name})` AS `{name}`" for name in flags)
        found = grouped.selectExpr(*by, "`collect_list(day)` AS days", *sums)
        rows = referrals.join(nw.from_native(found), on=list(by), how="left").to_native()
        kept = [f"`{name}`" for name in rows.columns if days or name != "days"]
        return self._two_of(rows, kept, "filter(days, each -> each >= received)", "first", "second")

    def within_spells(self, rows: Frame, contacts: Callable[[], Frame], of: Sequence[str]) -> Frame:
        """Of the lists that `first_two` kept, those of all referrals of the person and provider together."""
        native, whose = rows.to_native(), ", ".join(f"`{name}`" for name in of)
        kept = [f"`{name}`" for name in native.columns if name != "days"]
        native = native.selectExpr(*kept, f"flatten(collect_list(days) OVER (PARTITION BY {whose})) AS days")
        inside = "filter(days, each -> each >= start AND each <= spell_end)"
        return self._two_of(native, kept, inside, "spell_first", "spell_second")

    def _two_of(self, native: Any, kept: Sequence[str], days: str, first: str, second: str) -> Frame:
        """The two lowest of a list of days."""
        native = native.selectExpr(*kept, f"array_sort({days}) AS _since_")
        return nw.from_native(native.selectExpr(*kept, f"get(_since_, 0) AS {first}", f"get(_since_, 1) AS {second}"))

    def hold(self, frame: Frame, root: Any) -> Frame:
        """In its cache, read as rows whose plan is not planned again; a lost part of it is computed again."""
        native = frame.to_native().cache()
        self.held.append(native)
        rows = native.sparkSession._jsparkSession.createDataFrame(native._jdf.javaRDD(), native._jdf.schema())
        return nw.from_native(type(native)(rows, native.sparkSession))

    def let_go(self, root: Any) -> None:
        """Take them out of the cache."""
        while self.held:
            self.held.pop().unpersist()

    def with_dates(self, frame: Frame, names: Sequence[str]) -> Frame:
        """Days added to the first date."""
        native = frame.to_native()
        made = [
            f"date_add(DATE '{EPOCH}', CAST(`{each}` AS INT)) AS `{each}`" if each in names else f"`{each}`"
            for each in native.columns
        ]
        return nw.from_native(native.selectExpr(*made))

    def integers(self, native: Any, values: Sequence[int]) -> Frame:
        """Written out in a query, so that Spark knows how few they are."""
        listed = ", ".join(f"({value})" for value in values)
        return nw.from_native(
            native.sparkSession.sql(f"SELECT CAST(number AS BIGINT) FROM VALUES {listed} AS t(number)")
        )
