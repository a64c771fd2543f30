"""Currency groups: mental health and neurodevelopmental resource groups, which followed the care clusters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping


class CurrencyGroup(Enum):
    """The six population groups; two more are in development.

    References
    ----------
    Healthcare Financial Management Association, 12 June 2024: the groups and settings, in their soft launch of 2024/25.

    Examples
    --------
    >>> CurrencyGroup.parse("Psychosis & bipolar").value
    'psychosis and bipolar'
    """

    PSYCHOSIS_AND_BIPOLAR = "psychosis and bipolar"
    PERSONALITY_DISORDER = "personality disorder"
    NEUROCOGNITIVE = "neurocognitive"
    MOOD_AND_ANXIETY = "mood and anxiety"
    EATING_DISORDERS = "eating disorders"
    CHILDREN_AND_YOUNG_PEOPLE = "children and young people"

    @classmethod
    def parse(cls, text: Any) -> Self:
        """The group that a text names, in any case and with "&" or "and".

        Raises
        ------
        BadInput
            When it names none.
        """
        found: Self = _named(cls, text, "group")
        return found


class CareSetting(Enum):
    """The three settings in which care is counted and paid.

    Examples
    --------
    >>> CareSetting.parse("In-patient").value
    'inpatient'
    """

    COMMUNITY = "community"
    INPATIENT = "inpatient"
    CRISIS = "crisis"

    @classmethod
    def parse(cls, text: Any) -> Self:
        """The setting that a text names, in any case.

        Raises
        ------
        BadInput
            When it names none.
        """
        found: Self = _named(cls, text, "setting")
        return found


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency: a population group in a setting, for which activity is counted and cost is known.

    Parameters
    ----------
    group : CurrencyGroup or str
        The population group.
    setting : CareSetting or str
        The setting.
    code : str, default ""
        Its code, from a code list of your own: the national list could not be read **[unverified]**, so none is here.

    Raises
    ------
    BadInput
        With both problems, when neither names what there is.

    Notes
    -----
    In a table, columns named `currency_group` and `setting` (or one of codes) are keys as any others: aggregate by both
    for the cost and activity of each. The MHSDS has a table for the groups from version 5 on, `MHS013MHCurrencyModel`;
    care clusters are not collected from version 6 on.

    Examples
    --------
    >>> currency = Currency("Mood and anxiety", "community")
    >>> currency.group.name, str(currency)
    ('MOOD_AND_ANXIETY', 'mood and anxiety, community')
    >>> Currency.from_table([{"code": "X01", "group": "neurocognitive", "setting": "crisis"}])["X01"].setting.value
    'crisis'
    """

    group: CurrencyGroup
    setting: CareSetting
    code: str = ""

    if TYPE_CHECKING:

        def __init__(self, group: CurrencyGroup | str, setting: CareSetting | str, code: str = "") -> None:
            """For type checkers: spellings are read."""

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for name, kind in (("group", CurrencyGroup), ("setting", CareSetting)):
            try:
                object.__setattr__(self, name, kind.parse(getattr(self, name)))
            except BadInput as error:
                problems += error.problems
        if problems:
            raise BadInput("Currency", problems)

    def __str__(self) -> str:
        return f"{self.group.value}, {self.setting.value}"

    @classmethod
    def from_table(cls, table: Any) -> dict[str, Self]:
        """Read your own code list.

        Parameters
        ----------
        table : pandas.DataFrame, or sequence of mappings
            A row for each code, with `code`, `group` and `setting`.

        Returns
        -------
        dict of str to Currency
            The currencies by code, which is text: "01" stays "01".

        Raises
        ------
        BadInput
            With every row that names no group or setting, has no code, or one that another row has.
        """
        rows: list[Mapping[str, Any]] = table.to_dict("records") if hasattr(table, "to_dict") else list(table)
        found: dict[str, Self] = {}
        problems: list[Problem] = []
        for number, row in enumerate(rows):
            lacking = [name for name in ("code", "group", "setting") if name not in row]
            problems += [Problem(name, f"row {number}", None, "a column of that name") for name in lacking]
            if lacking:
                continue
            code = row["code"]
            if not isinstance(code, str) or not code.strip():
                problems.append(Problem("code", f"row {number}", code, "a code, as text"))
            elif code.strip() in found:
                problems.append(Problem("code", f"row {number}", code, "each code once"))
            try:
                found[str(code).strip()] = cls(row["group"], row["setting"], str(code).strip())
            except BadInput as error:
                problems += [
                    Problem(each.column, f"row {number}", each.value, each.expected) for each in error.problems
                ]
        if problems:
            raise BadInput("the code list of currencies", problems)
        return found


def _named(kind: Any, value: Any, name: str) -> Any:
    if isinstance(value, kind):
        return value
    text = re.sub(r"[^a-z]", "", str(value).casefold().replace("&", "and"))
    for member in kind:
        if text in (member.value.replace(" ", ""), member.name.replace("_", "").casefold()):
            return member
    raise BadInput(kind.__name__, [Problem(name, None, value, f"one of {', '.join(each.value for each in kind)}")])
