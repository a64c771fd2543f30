-- National measures by provider and for England, written by hand for DuckDB from the definitions, for an extract of
-- version 5. $names are the files of each table. The macros m(), month_first(), month_last(), quarter_first() and
-- year_first() are the reporting month and the days on which it, its three and its twelve months begin and end;
-- first_of(month) is the first day of a reporting month, and year_of(day) the financial year of a day.

WITH hospital AS (
    SELECT DISTINCT Person_ID AS person, UniqServReqID AS referral, year_of(first_of(UniqMonthID)) AS fy
    FROM read_parquet($hospital_spells) WHERE UniqMonthID <= m()
), submitted AS MATERIALIZED (
    -- Every submitted row, with what its services say.
    SELECT r.Person_ID AS person, r.UniqServReqID AS referral, r.RecordNumber AS record, r.OrgIDProv AS provider,
           r.UniqMonthID AS month, r.ReferralRequestReceivedDate AS received, r.ServDischDate AS discharged,
           r.AgeServReferRecDate >= 18 AND (coalesce(p.LADistrictAuth, '') = '' OR p.LADistrictAuth LIKE 'E%') AS adult,
           first_of(r.UniqMonthID + 1) - 1 AS month_end, s.*
    FROM read_parquet($referrals) AS r
    LEFT JOIN read_parquet($people) AS p ON p.RecordNumber = r.RecordNumber AND p.Person_ID = r.Person_ID
    LEFT JOIN (
        SELECT UniqServReqID AS service_of, RecordNumber AS service_record,
               bool_or(core) AS core, bool_or(core OR code IN ('A14', 'D05')) AS wide,
               max(coalesce(ReferRejectionDate, ReferClosureDate, 'infinity')) FILTER (core) AS service_end
        FROM (SELECT *, if(ServTeamTypeRefToMH = 'C03', 'C10', ServTeamTypeRefToMH) AS code,
                     code IN ('A05', 'A06', 'A08', 'A09', 'A12', 'A13', 'A16', 'C10') AS core
              FROM read_parquet($service_types))
        GROUP BY ALL
    ) AS s ON s.service_of = r.UniqServReqID AND s.service_record = r.RecordNumber
    WHERE r.UniqMonthID <= m()
), contact_rows AS MATERIALIZED (
    SELECT Person_ID AS person, UniqServReqID AS referral, UniqCareContID AS contact, RecordNumber AS record,
           OrgIDProv AS provider, UniqMonthID AS month, CareContDate AS day, AttendStatus IN ('5', '6') AS attended,
           attended AND CASE WHEN UniqMonthID < 1459 THEN ConsMechanismMH NOT IN ('05', '06', '09')
                             ELSE ConsMechanismMH IN ('01', '02', '04', '11') END AS direct
    FROM read_parquet($contacts)
    WHERE UniqMonthID <= m()
    QUALIFY row_number() OVER (PARTITION BY Person_ID, UniqCareContID ORDER BY UniqMonthID DESC, RecordNumber DESC) = 1
), core_rows AS MATERIALIZED (
    SELECT *, greatest(least(coalesce(discharged, service_end), month_end), received) AS ended
    FROM submitted WHERE core AND adult AND (person, referral) NOT IN (SELECT (person, referral) FROM hospital)
), latest_rows AS (
    SELECT person, referral, record, provider FROM submitted
    QUALIFY row_number() OVER (PARTITION BY person, referral ORDER BY month DESC) = 1
), of_core AS MATERIALIZED (
    -- A contact counts that is joined by submission to a row in scope; of a submission without the referral its latest.
    SELECT c.person, c.contact, c.day, c.provider FROM contact_rows AS c
    JOIN core_rows AS r USING (person, referral, record) WHERE direct
    UNION ALL
    SELECT c.person, c.contact, c.day, c.provider FROM contact_rows AS c
    ANTI JOIN submitted AS s ON s.person = c.person AND s.referral = c.referral AND s.record = c.record
    JOIN latest_rows AS l ON l.person = c.person AND l.referral = c.referral
    JOIN core_rows AS r ON r.person = l.person AND r.referral = l.referral AND r.record = l.record WHERE direct
), members AS (
    SELECT *, sum(starts) OVER (ORDER BY person, provider, received, referral ROWS UNBOUNDED PRECEDING) AS spell
    FROM (
        SELECT *, coalesce(received - 5 > max(ended) OVER (PARTITION BY person, provider ORDER BY received, referral
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true)::INT AS starts
        FROM (SELECT * FROM core_rows QUALIFY row_number() OVER (PARTITION BY person, referral ORDER BY month DESC) = 1)
        WHERE provider NOT IN ('DFC', 'S9X2N')
    )
), whole_spells AS (
    SELECT spell, person, provider, min(received) AS start, max(ended) AS ended,
           bool_or(month = m() AND discharged IS NULL) AS lingers
    FROM members GROUP BY ALL HAVING start BETWEEN DATE '2016-01-01' AND month_last()
), spells AS MATERIALIZED (
    SELECT whole_spells.*, list_sort(list(day) FILTER (day IS NOT NULL))[2] AS second, ended >= month_last() - 5 AS still,
           month_last() - start AS waited
    FROM whole_spells LEFT JOIN of_core ON of_core.person = whole_spells.person
     AND of_core.provider = whole_spells.provider AND day BETWEEN start AND ended
    GROUP BY ALL
), year_rows AS MATERIALIZED (
    -- Rows of the twelve months in the scope of access, in no year of a hospital stay of theirs.
    SELECT * FROM submitted WHERE wide AND adult AND month > m() - 12
       AND (person, referral, year_of(first_of(month))) NOT IN (SELECT (person, referral, fy) FROM hospital)
), latest_of_year AS MATERIALIZED (
    SELECT * FROM year_rows QUALIFY row_number() OVER (PARTITION BY person, referral ORDER BY month DESC) = 1
), of_access AS (
    SELECT c.person, c.referral, c.contact, c.day, r.provider FROM contact_rows AS c
    JOIN year_rows AS r USING (person, referral, record) WHERE direct AND day BETWEEN year_first() AND month_last()
    UNION ALL
    SELECT c.person, c.referral, c.contact, c.day, r.provider FROM contact_rows AS c
    ANTI JOIN submitted AS s ON s.person = c.person AND s.referral = c.referral AND s.record = c.record
    JOIN latest_of_year AS r ON r.person = c.person AND r.referral = c.referral
    WHERE direct AND day BETWEEN year_first() AND month_last()
), access AS (
    SELECT person, provider FROM of_access
    QUALIFY row_number() OVER (PARTITION BY person, referral ORDER BY day, contact) = 2
), waits AS MATERIALIZED (
    SELECT r.*, second, second BETWEEN quarter_first() AND month_last() AS done,
           second IS NULL AND month = m() AND coalesce(discharged > month_last(), true) AS waiting,
           if(done, second, month_last() + 1) - received AS days
    FROM latest_of_year AS r LEFT JOIN (
        SELECT person, referral, list_sort(list(day))[2] AS second FROM contact_rows WHERE direct GROUP BY ALL
    ) USING (person, referral)
    WHERE received >= DATE '2019-04-01'
), of_month AS MATERIALIZED (
    SELECT *, coalesce(discharged > month_last(), true) AS is_open, received BETWEEN month_first() AND month_last() AS new,
           coalesce(discharged BETWEEN month_first() AND month_last(), false) AS ended
    FROM submitted WHERE month = m()
), contacts AS (
    SELECT * FROM contact_rows WHERE month = m() AND day BETWEEN month_first() AND month_last()
), counted AS (
    SELECT provider, 'MRS03' AS id, count(*) AS value FROM spells WHERE still AND second IS NULL GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MRS03a', quantile_cont(waited, 0.5) FROM spells WHERE still AND second IS NULL GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MRS03b', quantile_cont(waited, 0.9) FROM spells WHERE still AND second IS NULL GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MRS04', count(*) FROM spells WHERE start >= quarter_first() GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MRS05', count(*) FROM spells
              WHERE NOT still AND ended BETWEEN quarter_first() AND month_last() AND NOT lingers GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MRS06', count(*) FROM spells WHERE still GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MRS07a', count(*) FROM spells WHERE still AND second IS NULL AND waited > 728 GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MRS07c', count(*) FROM spells WHERE still AND second IS NULL AND waited > 546 GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MRS07e', count(*) FROM spells WHERE still AND second IS NULL AND waited > 364 GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MRS15', count(*) FROM spells WHERE second BETWEEN quarter_first() AND month_last() GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MRS21', count(*) FROM spells WHERE still AND second IS NOT NULL GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS108', count(DISTINCT person) FROM access GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS124', count(*) FROM waits WHERE done GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS125', quantile_cont(days, 0.5) FROM waits WHERE done GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS126', quantile_cont(days, 0.9) FROM waits WHERE done GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS127', count(*) FROM waits WHERE waiting GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS128', quantile_cont(days, 0.5) FROM waits WHERE waiting GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS129', quantile_cont(days, 0.9) FROM waits WHERE waiting GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS01', count(DISTINCT person) FROM of_month WHERE is_open GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS23', count(*) FROM of_month WHERE is_open GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS32', count(*) FROM of_month WHERE new GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS57', count(DISTINCT person) FROM of_month WHERE ended GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS29', count(*) FROM contacts GROUP BY CUBE (provider)
    UNION ALL SELECT provider, 'MHS30', count(*) FROM contacts WHERE attended GROUP BY CUBE (provider)
)
SELECT coalesce(provider, 'England') AS place, id, value FROM counted
