-- National measures written by hand for DuckDB from the definitions: every thing that counts for a measure is a row of
-- `facts`, with its id, provider and place. $names are the files of each table. The macros m(), month_first(),
-- month_last(), quarter_first() and year_first() are the reporting month and the days on which it, its three and its
-- twelve months begin and end; first_of(month) is the first day of a reporting month, and year_of(day) the financial year
-- of a day. `services` is a view of the teams of each submitted referral, and `practices` of those of GPs.

CREATE TEMP VIEW residences AS
    SELECT Person_ID AS person, RecordNumber AS record, UniqMonthID AS month, max(LADistrictAuth) AS district,
           max(OrgIDSubICBLocResidence) AS residence
    FROM read_parquet($people) WHERE UniqMonthID <= m() GROUP BY ALL;

-- Whose commissioner is told in which month: the practice's, else the residence's.
CREATE TEMP TABLE commissioners AS
    SELECT person, month, coalesce(any_value(practice), any_value(residence)) AS place
    FROM (SELECT person, month, practice, NULL AS residence FROM practices
          UNION ALL SELECT person, month, NULL, max(residence) FROM residences GROUP BY ALL)
    GROUP BY ALL;

CREATE MACRO placed(months) AS TABLE
    SELECT person, arg_max(place, month) AS sub_icb FROM commissioners
    WHERE month > m() - months AND place IS NOT NULL GROUP BY person;

CREATE TEMP TABLE hospital AS
    SELECT DISTINCT Person_ID AS person, UniqServReqID AS referral, year_of(first_of(UniqMonthID)) AS fy
    FROM read_parquet($hospital_spells) WHERE UniqMonthID <= m();

-- Every submitted row of a referral, with what its services say. C03 is read as C10.
CREATE TEMP TABLE submitted AS
    SELECT r.Person_ID AS person, r.UniqServReqID AS referral, r.RecordNumber AS record, r.OrgIDProv AS provider,
           r.UniqMonthID AS month, r.ReferralRequestReceivedDate AS received, r.ServDischDate AS discharged,
           r.AgeServReferRecDate AS age, coalesce(p.district, '') = '' OR p.district LIKE 'E%' AS english,
           age >= 18 AND english AS adult, coalesce(g.practice, p.residence) AS sub_icb,
           first_of(r.UniqMonthID + 1) - 1 AS month_end, s.*
    FROM read_parquet($referrals) AS r
    LEFT JOIN residences AS p ON p.record = r.RecordNumber AND p.person = r.Person_ID
    LEFT JOIN practices AS g ON g.person = r.Person_ID AND g.month = r.UniqMonthID
    LEFT JOIN (
        SELECT referral AS service_of, record AS service_record, bool_or(is_core) AS core,
               bool_or(is_core OR code IN ('A14', 'D05')) AS wide, bool_or(code IN ('A02', 'A18', 'A19')) AS crisis,
               bool_or(code = 'A14') AS a14, bool_or(code = 'A14' AND rejected IS NULL) AS takes_a14,
               bool_or(submitted_code IN ('A05', 'A06', 'A08', 'A09', 'A12', 'A13', 'A16', 'C10')) AS community,
               max(coalesce(rejected, closed, 'infinity')) FILTER (is_core) AS service_end
        FROM (SELECT *, if(submitted_code = 'C03', 'C10', submitted_code) AS code,
                     code IN ('A05', 'A06', 'A08', 'A09', 'A12', 'A13', 'A16', 'C10') AS is_core FROM services)
        GROUP BY ALL
    ) AS s ON s.service_of = r.UniqServReqID AND s.service_record = r.RecordNumber
    WHERE r.UniqMonthID <= m();

CREATE TEMP TABLE contact_rows AS
    SELECT Person_ID AS person, UniqServReqID AS referral, UniqCareContID AS contact, RecordNumber AS record,
           OrgIDProv AS provider, UniqMonthID AS month, CareContDate AS day, AttendStatus IN ('5', '6') AS attended,
           AttendStatus AS status, ConsMechanismMH AS how,
           attended AND CASE WHEN UniqMonthID < 1459 THEN how NOT IN ('05', '06', '09')
                             ELSE how IN ('01', '02', '04', '11') END AS direct
    FROM read_parquet($contacts)
    WHERE UniqMonthID <= m()
    QUALIFY row_number() OVER (PARTITION BY Person_ID, UniqCareContID ORDER BY UniqMonthID DESC, RecordNumber DESC) = 1;

CREATE TEMP TABLE core_rows AS
    SELECT *, greatest(least(coalesce(discharged, service_end), month_end), received) AS ended
    FROM submitted WHERE core AND adult AND (person, referral) NOT IN (SELECT (person, referral) FROM hospital);

CREATE TEMP VIEW latest_rows AS
    SELECT * FROM submitted QUALIFY row_number() OVER (PARTITION BY person, referral ORDER BY month DESC) = 1;

-- A contact counts that is joined by submission to a row in scope; of a submission without the referral its latest.
CREATE TEMP TABLE of_core AS
    SELECT c.person, c.contact, c.day, c.provider FROM contact_rows AS c
    JOIN core_rows AS r USING (person, referral, record) WHERE direct
    UNION ALL
    SELECT c.person, c.contact, c.day, c.provider FROM contact_rows AS c
    ANTI JOIN submitted AS s ON s.person = c.person AND s.referral = c.referral AND s.record = c.record
    JOIN latest_rows AS l ON l.person = c.person AND l.referral = c.referral
    JOIN core_rows AS r ON r.person = l.person AND r.referral = l.referral AND r.record = l.record WHERE direct;

CREATE TEMP VIEW members AS
    SELECT *, sum(starts) OVER (ORDER BY person, provider, received, referral ROWS UNBOUNDED PRECEDING) AS spell
    FROM (
        SELECT *, coalesce(received - 5 > max(ended) OVER (PARTITION BY person, provider ORDER BY received, referral
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true)::INT AS starts
        FROM (SELECT * FROM core_rows QUALIFY row_number() OVER (PARTITION BY person, referral ORDER BY month DESC) = 1)
        WHERE provider NOT IN ('DFC', 'S9X2N')
    );

CREATE TEMP TABLE spells AS
    SELECT s.*, list_sort(list(day) FILTER (day IS NOT NULL)) AS days, days[1] AS first, days[2] AS second,
           ended >= month_last() - 5 AS still, month_last() - start AS waited
    FROM (
        SELECT spell, person, provider, min(received) AS start, max(ended) AS ended,
               bool_or(month = m() AND discharged IS NULL) AS lingers
        FROM members GROUP BY ALL HAVING start BETWEEN DATE '2016-01-01' AND month_last()
    ) AS s
    LEFT JOIN of_core AS c ON c.person = s.person AND c.provider = s.provider AND day BETWEEN start AND ended
    GROUP BY ALL;

-- Rows of the twelve months in the scope of access, in no year of a hospital stay of theirs.
CREATE TEMP TABLE year_rows AS
    SELECT * FROM submitted WHERE wide AND adult AND month > m() - 12
       AND (person, referral, year_of(first_of(month))) NOT IN (SELECT (person, referral, fy) FROM hospital);

CREATE TEMP TABLE latest_of_year AS
    SELECT * FROM year_rows QUALIFY row_number() OVER (PARTITION BY person, referral ORDER BY month DESC) = 1;

CREATE TEMP VIEW of_access AS
    SELECT c.person, c.referral, c.contact, c.day, r.provider, r.sub_icb FROM contact_rows AS c
    JOIN year_rows AS r USING (person, referral, record) WHERE direct AND day BETWEEN year_first() AND month_last()
    UNION ALL
    SELECT c.person, c.referral, c.contact, c.day, r.provider, r.sub_icb FROM contact_rows AS c
    ANTI JOIN submitted AS s ON s.person = c.person AND s.referral = c.referral AND s.record = c.record
    JOIN latest_of_year AS r ON r.person = c.person AND r.referral = c.referral
    WHERE direct AND day BETWEEN year_first() AND month_last();

CREATE TEMP TABLE waits AS
    SELECT r.*, second, second BETWEEN quarter_first() AND month_last() AS done,
           second IS NULL AND month = m() AND coalesce(discharged > month_last(), true) AS waiting,
           if(done, second, month_last() + 1) - received AS days
    FROM latest_of_year AS r LEFT JOIN (
        SELECT person, referral, list_sort(list(day))[2] AS second FROM contact_rows WHERE direct GROUP BY ALL
    ) USING (person, referral)
    WHERE received >= DATE '2019-04-01';

CREATE TEMP TABLE of_month AS
    SELECT o.* EXCLUDE sub_icb, placed.sub_icb, coalesce(discharged > month_last(), true) AS is_open,
           received BETWEEN month_first() AND month_last() AS new,
           coalesce(discharged BETWEEN month_first() AND month_last(), false) AS gone
    FROM submitted AS o LEFT JOIN placed(1) AS placed USING (person) WHERE month = m();

CREATE TEMP VIEW month_contacts AS
    SELECT * FROM contact_rows LEFT JOIN placed(1) USING (person)
    WHERE month = m() AND day BETWEEN month_first() AND month_last();

CREATE TEMP TABLE facts (id VARCHAR, what VARCHAR, provider VARCHAR, sub_icb VARCHAR, days INT);

INSERT INTO facts
WITH spells AS (SELECT s.*, sub_icb FROM spells AS s LEFT JOIN placed(3) USING (person)),
     waiting AS (SELECT * FROM spells WHERE still AND second IS NULL)
SELECT 'MRS03', spell, provider, sub_icb, waited FROM waiting
UNION ALL SELECT 'MRS04', spell, provider, sub_icb, NULL FROM spells WHERE start >= quarter_first()
UNION ALL SELECT 'MRS05', spell, provider, sub_icb, NULL FROM spells
          WHERE NOT still AND ended BETWEEN quarter_first() AND month_last() AND NOT lingers
UNION ALL SELECT 'MRS06', spell, provider, sub_icb, NULL FROM spells WHERE still
UNION ALL SELECT 'MRS07a', spell, provider, sub_icb, NULL FROM waiting WHERE waited > 728
UNION ALL SELECT 'MRS07c', spell, provider, sub_icb, NULL FROM waiting WHERE waited > 546
UNION ALL SELECT 'MRS07e', spell, provider, sub_icb, NULL FROM waiting WHERE waited > 364
UNION ALL SELECT 'MRS15', spell, provider, sub_icb, NULL FROM spells WHERE second BETWEEN quarter_first() AND month_last()
UNION ALL SELECT 'MRS21', spell, provider, sub_icb, NULL FROM spells WHERE still AND second IS NOT NULL
UNION ALL SELECT 'MHS108', person, provider, sub_icb, NULL FROM of_access
          QUALIFY row_number() OVER (PARTITION BY person, referral ORDER BY day, contact) = 2
UNION ALL SELECT 'MHS124', referral, provider, sub_icb, days FROM waits WHERE done
UNION ALL SELECT 'MHS127', referral, provider, sub_icb, days FROM waits WHERE waiting
UNION ALL SELECT 'MHS01', person, provider, sub_icb, NULL FROM of_month WHERE is_open
UNION ALL SELECT 'MHS23', referral, provider, sub_icb, NULL FROM of_month WHERE is_open
UNION ALL SELECT 'MHS23d', referral, provider, sub_icb, NULL FROM of_month WHERE is_open AND community
UNION ALL SELECT 'MHS32', referral, provider, sub_icb, NULL FROM of_month WHERE new
UNION ALL SELECT 'MHS32c', referral, provider, sub_icb, NULL FROM of_month WHERE new AND community
UNION ALL SELECT 'MHS57', person, provider, sub_icb, NULL FROM of_month WHERE gone
UNION ALL SELECT 'MHS57b', person, provider, sub_icb, NULL FROM of_month WHERE gone AND community
UNION ALL SELECT 'MHS29', contact, provider, sub_icb, NULL FROM month_contacts
UNION ALL SELECT 'MHS30', contact, provider, sub_icb, NULL FROM month_contacts WHERE attended;
