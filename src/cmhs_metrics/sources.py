"""The documents that define the metrics, and the way they are cited."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """A published document.

    Parameters
    ----------
    title : str
        Its title.
    publisher : str
        Who published it.
    date : str
        When, as far as it says.
    """

    title: str
    publisher: str
    date: str

    def section(self, name: str) -> Source:
        """Cite a section of the document.

        Parameters
        ----------
        name : str
            The heading as printed.

        Returns
        -------
        Source
            The citation.
        """
        return Source(self, name)


@dataclass(frozen=True, slots=True)
class Source:
    """A section of a document.

    Parameters
    ----------
    document : Document
        The document.
    section : str
        The heading as printed.
    """

    document: Document
    section: str

    def __str__(self) -> str:
        return f"{self.document.publisher}, {self.document.title} ({self.document.date}): {self.section}"


AUDIT = Document(
    "NHS England Community Mental Health Services Audit Results", "NHS Benchmarking Network", "2018, on 2016/17"
)
CONFEDERATION = Document("Community Mental Health Services", "NHS Confederation", "February 2025")
BOARD_PAPER = Document(
    "Community Mental Health Transformation Programme – NHS partnership working with the third sector",
    "NHS England",
    "2023",
)
FRAMEWORK = Document(
    "Introducing the Framework for Community Mental Health Support, Care and Treatment",
    "National Collaborating Centre for Mental Health and NHS England",
    "May 2019",
)
WEB_PAGE = Document("Community Mental Health Services (web page)", "NHS England", "2019 or 2020")
ASSERTIVE_OUTREACH = Document(
    "Guidance to integrated care boards on intensive and assertive community mental health care",
    "NHS England",
    "26 July 2024",
)
CURRENCIES = Document(
    "Mental health and neurodevelopmental resource groups (as described)",
    "Healthcare Financial Management Association",
    "12 June 2024",
)
PLANNING_2024 = Document("2024/25 priorities and operational planning guidance", "NHS England", "2024")
PLANNING_2025 = Document("2025/26 priorities and operational planning guidance", "NHS England", "early 2025")
PLANNING_2026 = Document("Medium Term Planning Framework 2026/27 to 2028/29", "NHS England", "24 October 2025")
TEN_YEARS = Document("10 Year Health Plan", "Department of Health and Social Care", "July 2025")
NATIONAL_COSTS = Document("National Cost Collection", "NHS England", "yearly")
OVERSIGHT = Document("NHS Oversight Framework 2025/26 (as its published file shows it)", "NHS England", "2025")
WORKFORCE_STATISTICS = Document("NHS workforce, vacancy and sickness absence statistics", "NHS England", "quarterly")
MONTHLY = Document("Mental Health Services Monthly Statistics", "NHS England", "monthly, since 2016")
