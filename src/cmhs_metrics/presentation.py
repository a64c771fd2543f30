"""How values are shown to people: numbers in their units, and suppressed and missing values apart.

What is suppressed is taken out of the table before anything else is done with it, so that no bar, label, average or
sentence that is made later can reveal it.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, nearest, refuse, unknown
from cmhs_metrics.errors import ordinal as ordinal
from cmhs_metrics.numeric.expected import FINITE
from cmhs_metrics.numeric.requirements import cell_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

KNOWN, SUPPRESSED, NOT_KNOWN = "known", "suppressed", "not known"
"""What a value can be to a reader."""

_STATUS_COLUMNS = ("status", "kind")
_HIDDEN_WORDS = ("suppressed", "redacted")
_FINITE = f"{FINITE}; what is suppressed is missing and marked so"
_BOUNDS = ("lower", "upper", "_lower", "_upper", "lower_bound", "upper_bound", "least", "most")

BASES_IN_WORDS = {
    "registered": "registered population",
    "weighted": "need-weighted population",
    "16+": "people aged 16 and over",
    "age_band": "people of the ages that the type of team serves",
}
"""The populations below the line, as captions name them."""


def _is_of_another(bound: Any, value: str, table: pd.DataFrame) -> bool:
    """Whether a bound is that of another column, such as the average's, and so says nothing of the value."""
    column = str(bound).rpartition("_")[0]
    return column in table and column != value


def statuses(
    table: pd.DataFrame, value: str = "value", *, key: str | None = None, suppressed: Collection[Any] = ()
) -> pd.Series[str]:
    """Say of each row whether its value is known, suppressed or not known.

    `key`: the column in which `suppressed` is looked up. `suppressed`: the keys of rows whose value is suppressed.
    Gives "known", "suppressed" or "not known". A value is suppressed where a column `suppressed`, `status` or `kind`
    says so, where it is named, or where it is missing and an interval is given for it; a number that stands there all
    the same is not to be shown. Raises `BadInput` when a key is not in the table, or a value is no finite number.

    Examples
    --------
    >>> table = pd.DataFrame({"value": [7.0, None, None], "lower": [6.0, 0.0, None], "upper": [8.0, 4.0, None]})
    >>> statuses(table).tolist()
    ['known', 'suppressed', 'not known']
    """
    values = numbers(table, value)
    hidden = np.zeros(len(table), dtype=bool)
    if "suppressed" in table:
        hidden |= truths(table, "suppressed").to_numpy(dtype=bool)
    for name in _STATUS_COLUMNS:
        if name in table:
            words = table[name].astype(str).str.casefold()
            hidden |= words.str.startswith(_HIDDEN_WORDS).to_numpy(dtype=bool)
    bounds = [
        name for name in table if str(name).casefold().endswith(_BOUNDS) and not _is_of_another(name, value, table)
    ]
    hidden |= values.isna().to_numpy() & table[bounds].notna().any(axis=1).to_numpy(dtype=bool)
    if suppressed:
        keys = table[key].astype(str) if key else pd.Series(table.index.astype(str), index=table.index)
        asked = keys_of(suppressed)
        refuse("the picture", unknown("suppressed", asked, keys, "one that is in the table"))
        hidden |= keys.isin(asked).to_numpy(dtype=bool)
    said = np.where(hidden, SUPPRESSED, np.where(values.isna(), NOT_KNOWN, KNOWN))
    return pd.Series(said.tolist(), dtype=object, index=table.index, name="status")


def keys_of(asked: Collection[Any] | str) -> list[str]:
    """The keys that are asked for, as text; a text is one key and not its letters.

    Examples
    --------
    >>> keys_of("QUE"), keys_of(["QUE", 7])
    (['QUE'], ['QUE', '7'])
    """
    return [asked] if isinstance(asked, str) else [str(each) for each in asked]


def truths(table: pd.DataFrame, name: str) -> pd.Series[bool]:
    """A column of true and false; what is missing is false."""
    try:
        return table[name].astype("boolean").fillna(False).astype(bool)
    except (TypeError, ValueError):
        found = table[name].dropna().iloc[0]
        raise BadInput("the table", [Problem(name, None, found, "a column of True and False")]) from None


def numbers(table: pd.DataFrame, value: str) -> pd.Series[float]:
    """The values of a column as floats.

    Parameters
    ----------
    table : pandas.DataFrame
        The rows.
    value : str
        The column.

    Returns
    -------
    pandas.Series
        The values; NaN where there is none.

    Raises
    ------
    BadInput
        When the column is not there, or a cell is no finite number.
    """
    if value not in table:
        hint = nearest(value, [str(name) for name in table]) or f"such as {', '.join(map(str, table.columns[:6]))}"
        raise BadInput("the table", [Problem(value, None, None, f"a column of that name; {hint}")])
    column = table[value]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f" and not np.isinf(column.to_numpy()).any():
        return column.astype("float64")
    plain = column.array.quantity.magnitude if hasattr(column.dtype, "ureg") else column
    floats = pd.Series(pd.to_numeric(plain, errors="coerce"), index=table.index).astype("float64")
    wrong = (floats.isna() & column.notna()) | np.isinf(floats)
    problems = [
        Problem(
            value,
            cell_name([at], table.index),
            column.iloc[at],
            f"{FINITE}; what is suppressed is missing and marked so",
        )
        for at in np.flatnonzero(wrong)
    ]
    refuse("the table", problems)
    return floats


def amount(value: float, unit: str = "", *, proportion: bool = False, sign: bool = False) -> str:
    """Write a value as people read it.

    `value`: the value [its unit]. `unit`: the unit as the catalogue prints it; of money, the pound sign is written.
    `proportion`: whether it is a share from 0 to 1, written as a percentage. Gives for example "1,712", "£163",
    "12.4%" or "−0.31".

    Examples
    --------
    >>> amount(1712.4), amount(163.2, "GBP per contact"), amount(0.124, proportion=True), amount(2.4e9, "GBP")
    ('1,712', '£163', '12.4%', '£2.40bn')
    >>> amount(0.0042), amount(0.0004, proportion=True)
    ('0.0042', '0.040%')
    """
    if value is None or math.isnan(value):
        return NOT_KNOWN
    before = "−" if value < 0 else "+" if sign else ""
    size = abs(value)
    if proportion:
        return f"{before}{size * 100:.{_small(size * 100, 1)}f}%"
    # What is rounded up to the next order of size is written as that: £999,999.6 as £1.00m, 99.96 as 100.
    for least, step, word in ((1e9, 1e4, "bn"), (1e6, 1.0, "m")) if is_money(unit) else ():
        if round(size / step) * step >= least:
            return f"{before}£{size / least:.2f}{word}"
    places = 0 if round(size, 1) >= 100 or size == 0 else 1 if round(size, 2) >= 10 else _small(size, 2)
    return f"{before}{'£' if is_money(unit) else ''}{size:,.{places}f}"


def _small(size: float, places: int) -> int:
    """Decimal places, more where they would round what is small to nothing."""
    return 1 - math.floor(math.log10(size)) if 1e-6 <= size < 10**-places else places


def written(value: Any) -> str:
    """A number of any unit as people read it: to four figures, or to the whole number."""
    number = float(getattr(value, "magnitude", value))
    four = f"{number:.4g}"
    return f"{number:,.0f}" if abs(float(four)) >= 1000 else four


def signed(value: Any) -> str:
    """The same with its sign."""
    number = float(getattr(value, "magnitude", value))
    if math.isnan(number):
        return written(value)
    return f"+{written(value)}" if number >= 0 else f"−{written(-number)}"


def is_money(unit: str) -> bool:
    """Whether a unit is pounds, or pounds per something."""
    return str(unit).startswith(("GBP", "£"))


def unit_in_words(unit: str, basis: str | None = None) -> str:
    """A unit as an axis shows it, with the population that a rate stands on.

    `unit`: as the catalogue prints it, for example "patients per 100,000 people". `basis`: the population, for
    example "weighted". Gives for example "£ per contact", "%" or "patients per 100,000 people, registered
    population".

    Examples
    --------
    >>> unit_in_words("GBP per contact"), unit_in_words("proportion (0 to 1)")
    ('£ per contact', '%')
    """
    words = "%" if str(unit).startswith("proportion") else str(unit).replace("GBP", "£")
    return ", ".join(part for part in (words, BASES_IN_WORDS.get(str(basis), str(basis)) if basis else "") if part)


def unit_beside(name: str, unit: str) -> str:
    """The unit to stand beside a name: none where the name ends with it, as "Need index" does."""
    return "" if f" {name}".casefold().endswith(f" {unit}".casefold()) else unit


def with_unit(name: str, unit: str) -> str:
    """A name with its unit in brackets, where it has one."""
    return f"{name} [{unit}]" if unit else name


def in_words(unit: str) -> str:
    """A unit as pint writes it, in words: "GBP / person_100k" is "GBP per 100,000 people"."""
    return unit.replace("person_100k", "100,000 people").replace(" / ", " per ")


def period_in_words(period: object, *, short: bool = False) -> str:
    """Months and days as people write them; every other text as it is.

    Examples
    --------
    >>> period_in_words("2024-06"), period_in_words("2024-06-30"), period_in_words("2024/25 Q1")
    ('June 2024', '30 June 2024', '2024/25 Q1')
    >>> period_in_words("2024-04 to 2025-03", short=True)
    'Apr 2024 to Mar 2025'
    """

    def written(found: re.Match[str]) -> str:
        year, month, day = int(found[1]), int(found[2]), found[3]
        # "2010-11" may be a financial year.
        if not 1 <= month <= 12 or (day is None and month == (year + 1) % 100):
            return found[0]
        name = _MONTHS[month - 1][: 3 if short else None]
        return f"{int(day)} {name} {year}" if day else f"{name} {year}"

    return re.sub(r"(?<![\d/-])(\d{4})-(\d\d)(?:-(\d\d))?(?![\d/-])", written, str(period))


def listed(names: Sequence[str], *, most: int = 20) -> str:
    """Names in a sentence, with how many more there are."""
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
