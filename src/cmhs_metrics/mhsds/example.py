"""A tiny synthetic extract to try the functions on: four made-up people of one made-up provider."""

from __future__ import annotations

from cmhs_metrics.mhsds.records.extract import Extract


def example() -> Extract:
    """Make a tiny extract, which is synthetic: none of it is of a real person or provider.

    Returns
    -------
    Extract
        pandas tables, in the names of version 5. P1 was referred to a CMHT (R1), seen twice and discharged; four days
        later referred again (R2). P2 (R3) has been seen once. P3's referral (R4) was rejected. P4 (R5) has waited since
        January 2023 without a contact. The extract runs from April 2024 to March 2025; what is open is submitted in its
        last month.

    Examples
    --------
    >>> extract = example()
    >>> extract.version
    'v5'
    """
    import pandas as pd

    april, may, june, march = 1489, 1490, 1491, 1500
    referrals = [
        # person, referral, month, received, discharged
        ("P1", "R1", april, "2024-04-10", None), ("P1", "R1", may, "2024-04-10", "2024-05-20"),
        ("P1", "R2", may, "2024-05-24", None), ("P1", "R2", june, "2024-05-24", "2024-06-20"),
        ("P2", "R3", june, "2024-06-03", None), ("P2", "R3", march, "2024-06-03", None),
        ("P3", "R4", may, "2024-05-07", None),
        ("P4", "R5", april, "2023-01-16", None), ("P4", "R5", march, "2023-01-16", None),
    ]  # fmt: skip
    contacts = [
        # contact, referral, person, month, date, attendance, mechanism
        ("C1", "R1", "P1", april, "2024-04-24", "5", "01"), ("C2", "R1", "P1", may, "2024-05-02", "6", "11"),
        ("C3", "R1", "P1", may, "2024-05-09", "3", "01"), ("C4", "R3", "P2", june, "2024-06-04", "5", "02"),
    ]  # fmt: skip
    table = pd.DataFrame(
        referrals,
        columns=["Person_ID", "UniqServReqID", "UniqMonthID", "ReferralRequestReceivedDate", "ServDischDate"],
    ).assign(OrgIDProv="RX1", AgeServReferRecDate=40)
    table["RecordNumber"] = range(1, len(table) + 1)
    services = table[["UniqServReqID", "RecordNumber"]].assign(ServTeamTypeRefToMH="A06")
    rejected = table["UniqServReqID"] == "R4"
    services["ReferRejectionDate"] = rejected.map({True: "2024-05-09", False: None})
    people = table[["Person_ID", "RecordNumber"]].assign(LADistrictAuth="E06000023", Gender="2", EthnicCategory="A")
    names = [
        "UniqCareContID", "UniqServReqID", "Person_ID", "UniqMonthID", "CareContDate", "AttendStatus",
        "ConsMechanismMH",
    ]  # fmt: skip
    clusters = pd.DataFrame(
        {
            "UniqClustID": ["L1"],
            "Person_ID": ["P2"],
            "AdultMHCareClusterCodeFinal": ["11"],
            "StartDateCareClust": ["2024-06-04"],
            "EndDateCareClust": [None],
        }
    )
    return Extract(
        people=people,
        referrals=table,
        service_types=services,
        contacts=pd.DataFrame(contacts, columns=names),
        clusters=clusters,
    )
