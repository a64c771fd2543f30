-- The rest of the national measures by hand, of an extract of version 6 that has every table: the full clock stop,
-- contacts by their own team, follow-up, early intervention and crisis response. `national.sql` has gone before.
-- `reference_sets` has the concepts that stop a clock, and `nice` those of EIP69b.

CREATE MACRO concept(code) AS trim(split_part(code, ':', 1));

CREATE TEMP VIEW in_core AS SELECT DISTINCT person, referral, record FROM core_rows;

-- What may stop a clock: its kind, its day, and of a care plan the day on which it was made.
CREATE TEMP TABLE events AS
    WITH done AS (
        SELECT c.person, c.provider, c.day, concept(a.Procedure) AS code
        FROM read_parquet($care_activities) AS a
        JOIN contact_rows AS c ON c.person = a.Person_ID AND c.contact = a.UniqCareContID
        JOIN in_core AS i ON i.person = c.person AND i.referral = c.referral AND i.record = a.RecordNumber
        UNION ALL
        SELECT Person_ID, OrgIDProv, IndirectActDate, concept(IndirectActProcedure)
        FROM read_parquet($indirect_activity)
        JOIN in_core ON person = Person_ID AND referral = UniqServReqID AND record = RecordNumber
    ), scored AS (
        SELECT c.person, c.provider, c.day, concept(a.CodedAssToolType) AS tool
        FROM read_parquet($activity_scores) AS a
        JOIN contact_rows AS c ON c.person = a.Person_ID AND c.contact = a.UniqCareContID
        JOIN in_core AS i ON i.person = c.person AND i.referral = c.referral AND i.record = a.RecordNumber
        UNION ALL
        SELECT Person_ID, OrgIDProv, AssToolCompTimestamp, concept(CodedAssToolType)
        FROM read_parquet($referral_scores)
        JOIN in_core ON person = Person_ID AND referral = UniqServReqID AND record = RecordNumber
    )
    SELECT person, provider, day, NULL::DATE AS made, if(s.group = 'Assessments', 'assessment', 'plan') AS kind
    FROM done JOIN reference_sets AS s ON code = s.concept
     AND code NOT IN ('11429006', '975131000000104', '2386021000000108')
     AND day BETWEEN coalesce(s.start, '-infinity') AND coalesce(s.end, 'infinity')
    UNION ALL
    -- 987191000000101 is a scale of the Current View tool, which is no baseline outcome.
    SELECT person, provider, day, NULL, 'outcome' FROM scored WHERE tool <> '' AND tool <> '987191000000101'
    UNION ALL
    SELECT p.Person_ID, p.OrgIDProv, p.CarePlanLastUpdateDate, p.CarePlanCreatDate, 'plan'
    FROM read_parquet($care_plans) AS p
    SEMI JOIN read_parquet($care_plan_agreements) AS a
           ON a.Person_ID = p.Person_ID AND a.UniqCarePlanID = p.UniqCarePlanID AND a.RecordNumber = p.RecordNumber
    WHERE p.CarePlanLastUpdateDate IS NOT NULL;

CREATE TEMP TABLE stops AS
    SELECT *, start < DATE '2024-04-01' AND first < DATE '2024-04-01' AS spared,
           CASE WHEN first IS NULL OR outcome IS NULL OR plan IS NULL OR (assessment IS NULL AND NOT spared) THEN NULL
                WHEN spared THEN greatest(first, outcome, plan)
                ELSE greatest(first, outcome, plan, assessment) END AS stop
    FROM (
        SELECT s.spell, s.person, s.provider, s.start, s.first, s.still, s.waited, p.sub_icb,
               min(on_day) FILTER (kind = 'assessment') AS assessment, min(on_day) FILTER (kind = 'outcome') AS outcome,
               min(on_day) FILTER (kind = 'plan') AS plan
        FROM spells AS s
        LEFT JOIN placed(3) AS p ON p.person = s.person
        LEFT JOIN (
            SELECT s.spell, kind, if(made BETWEEN start AND day, made, day) AS on_day
            FROM spells AS s JOIN events AS e ON e.person = s.person AND e.provider = s.provider
             AND day BETWEEN start AND ended
        ) AS e ON e.spell = s.spell
        GROUP BY ALL
    );

INSERT INTO facts
WITH waiting AS (SELECT * FROM stops WHERE still AND stop IS NULL),
     stopped AS (SELECT * FROM stops WHERE stop BETWEEN quarter_first() AND month_last())
SELECT 'MRS01', spell, provider, sub_icb, NULL FROM stopped
UNION ALL SELECT 'MRS01a', spell, provider, sub_icb, NULL FROM stopped WHERE stop - start <= 28
UNION ALL SELECT 'MRS02', spell, provider, sub_icb, NULL FROM waiting
UNION ALL SELECT 'MRS02a', spell, provider, sub_icb, NULL FROM waiting WHERE waited > 728
UNION ALL SELECT 'MRS02c', spell, provider, sub_icb, NULL FROM waiting WHERE waited > 546
UNION ALL SELECT 'MRS02e', spell, provider, sub_icb, NULL FROM waiting WHERE waited > 364
UNION ALL SELECT 'MRS20', spell, provider, sub_icb, NULL FROM stops WHERE still AND stop IS NOT NULL;

-- Contacts by their own team, or by the referral's own where they name none.
CREATE TEMP TABLE own_teams AS
    SELECT Person_ID AS person, UniqCareContID AS contact, UniqMonthID AS month, RecordNumber AS record,
           UniqOtherCareProfTeamLocalID AS team, t.type
    FROM read_parquet($contacts) AS c
    LEFT JOIN teams AS t ON t.team = c.UniqOtherCareProfTeamLocalID AND t.provider = c.OrgIDProv AND t.month = c.UniqMonthID;

INSERT INTO facts
WITH of_team AS (
    SELECT c.*, o.type IN ('A05', 'A06', 'A08', 'A09', 'A12', 'A13', 'A16', 'C10') AS own, o.team, r.own_community,
           r.own_type, r.community
    FROM month_contacts AS c JOIN own_teams AS o USING (person, contact, month, record)
    LEFT JOIN (
        SELECT s.person, s.referral, s.community, t.type AS own_type,
               t.type IN ('A05', 'A06', 'A08', 'A09', 'A12', 'A13', 'A16', 'C10') AS own_community
        FROM of_month AS s JOIN read_parquet($referrals) AS r ON r.Person_ID = s.person AND r.UniqServReqID = s.referral
         AND r.RecordNumber = s.record
        LEFT JOIN teams AS t ON t.team = r.UniqCareProfTeamLocalID AND t.provider = r.OrgIDProv AND t.month = r.UniqMonthID
    ) AS r USING (person, referral)
)
SELECT 'MHS29d', contact, provider, sub_icb, NULL FROM of_team WHERE own
UNION ALL SELECT 'MHS30f', contact, provider, sub_icb, NULL FROM of_team
          WHERE attended AND (own OR (team IS NULL AND coalesce(if(own_type IS NULL, community, own_community), false)));

-- Follow-up: discharges of a month that ends four days earlier.
CREATE TEMP TABLE stays AS
    SELECT h.Person_ID AS person, h.UniqHospProvSpellID AS stay, h.OrgIDProv AS provider, h.UniqMonthID AS month,
           h.StartDateHospProvSpell AS began, h.DischDateHospProvSpell AS discharged,
           h.MethOfDischMHHospProvSpell AS method, h.DestOfDischHospProvSpell AS destination
    FROM read_parquet($hospital_spells) AS h
    LEFT JOIN residences AS p ON p.person = h.Person_ID AND p.record = h.RecordNumber
    WHERE h.UniqMonthID BETWEEN m() - 1 AND m() AND (coalesce(p.district, '') = '' OR p.district LIKE 'E%')
    QUALIFY row_number() OVER (PARTITION BY h.Person_ID, h.UniqHospProvSpellID ORDER BY h.UniqMonthID DESC) = 1;

CREATE TEMP TABLE eligible AS
    SELECT s.*, p.sub_icb FROM stays AS s
    JOIN (
        SELECT Person_ID AS person, UniqHospProvSpellID AS stay, MHAdmittedPatientClass AS bed
        FROM read_parquet($ward_stays) WHERE UniqMonthID <= m()
        QUALIFY row_number() OVER (PARTITION BY Person_ID, UniqHospProvSpellID ORDER BY UniqMonthID DESC, EndDateWardStay DESC NULLS LAST,
                                   StartDateWardStay DESC) = 1
    ) AS w USING (person, stay)
    LEFT JOIN placed(2) AS p ON p.person = s.person
    WHERE discharged BETWEEN month_first() - 4 AND month_last() - 4
      AND bed IN ('200', '201', '202', '205', '212', '213') AND coalesce(method, '') NOT IN ('4', '5')
      AND coalesce(destination, '') NOT IN ('30', '37', '48', '49', '50', '53', '79', '84', '87', '40', '42', '89')
      AND NOT EXISTS (FROM read_parquet($people) AS d WHERE d.Person_ID = s.person AND d.OrgIDProv = s.provider
                       AND d.UniqMonthID <= m() AND d.PersDeathDate - s.discharged <= 3);

INSERT INTO facts
SELECT 'MHS78', stay, provider, sub_icb, NULL FROM eligible
UNION ALL
SELECT 'MHS79', stay, provider, sub_icb, NULL FROM eligible AS e
WHERE EXISTS (FROM contact_rows AS c WHERE c.person = e.person AND c.provider = e.provider AND attended
               AND how IN ('01', '02', '04', '11') AND day - discharged BETWEEN 1 AND 3)
   OR EXISTS (FROM stays AS s WHERE s.person = e.person AND s.provider = e.provider
               AND s.began - e.discharged BETWEEN 1 AND 3);

-- Early intervention in psychosis.
CREATE TEMP TABLE psychosis AS
    SELECT l.* EXCLUDE sub_icb, p.sub_icb, coalesce(ever, false) AS ever
    FROM latest_rows AS l
    JOIN read_parquet($referrals) AS r ON r.Person_ID = l.person AND r.UniqServReqID = l.referral AND r.RecordNumber = l.record
    LEFT JOIN (SELECT person, referral, bool_or(a14) AS ever FROM submitted GROUP BY ALL) USING (person, referral)
    LEFT JOIN placed(3) AS p ON p.person = l.person
    WHERE r.PrimReasonReferralMH = '01' AND received >= DATE '2016-01-01' AND (month = m() OR discharged <= month_last());

CREATE TEMP TABLE entered AS
    SELECT *, greatest(seen, assigned) AS on_day, on_day - received <= 14 AS soon FROM (
        SELECT p.*, (
            SELECT min(day) FROM contact_rows AS c JOIN own_teams AS o USING (person, contact, month, record)
            WHERE c.person = p.person AND c.referral = p.referral AND c.attended AND c.how IN ('01', '02', '04', '11')
              AND c.day >= p.received AND (NOT p.ever OR o.type = 'A14' OR (o.type IS NULL AND p.a14))
        ) AS seen, (
            SELECT min(StartDateAssCareCoord) FROM read_parquet($care_coordinators) AS k
            WHERE k.Person_ID = p.person AND k.UniqMonthID <= m() AND StartDateAssCareCoord >= p.received
              AND (NOT p.ever OR CareProfServOrTeamTypeAssoc = 'A14')
              AND (coalesce(p.discharged > month_last(), true) OR StartDateAssCareCoord <= p.discharged)
              AND (coalesce(EndDateAssCareCoord <= month_last(), false) OR k.UniqMonthID = m())
        ) AS assigned
        FROM psychosis AS p
    ) WHERE seen IS NOT NULL AND assigned IS NOT NULL AND on_day BETWEEN quarter_first() AND month_last()
        AND (ever OR service_of IS NOT NULL);

CREATE TEMP TABLE on_a14 AS
    SELECT o.* EXCLUDE sub_icb, p.sub_icb FROM submitted AS o LEFT JOIN placed(3) AS p ON p.person = o.person
    WHERE month = m() AND discharged IS NULL AND takes_a14 AND english;

-- Concepts of whatever the person was done, in a submission that has the referral.
CREATE TEMP TABLE coded AS
    SELECT a.person, a.referral, bool_or(code IN (SELECT concept FROM nice)) AS concordant
    FROM on_a14 AS a
    JOIN (SELECT DISTINCT person, referral, record FROM submitted) AS s ON s.person = a.person AND s.referral = a.referral
    JOIN (
        SELECT Person_ID AS person, RecordNumber AS record, day, concept(unnest([Procedure, Observation])) AS code
        FROM read_parquet($care_activities) JOIN contact_rows ON person = Person_ID AND contact = UniqCareContID
        UNION ALL
        SELECT Person_ID, RecordNumber, IndirectActDate, concept(IndirectActProcedure) FROM read_parquet($indirect_activity)
    ) AS d ON d.person = a.person AND d.record = s.record AND d.day BETWEEN a.received AND month_last()
    WHERE code <> '' GROUP BY ALL;

INSERT INTO facts
SELECT 'EIP23a', referral, provider, sub_icb, NULL FROM entered WHERE ever
UNION ALL SELECT 'EIP23b', referral, provider, sub_icb, NULL FROM entered WHERE ever AND soon
UNION ALL SELECT 'EIP64', referral, provider, sub_icb, NULL FROM entered WHERE NOT ever
UNION ALL SELECT 'EIP65', referral, provider, sub_icb, NULL FROM entered WHERE NOT ever AND NOT soon
UNION ALL SELECT 'EIP66', referral, provider, sub_icb, NULL FROM entered WHERE NOT ever AND soon
UNION ALL SELECT 'EIP63', referral, provider, sub_icb, NULL FROM psychosis
          WHERE month = m() AND coalesce(discharged > month_last(), true) AND NOT coalesce(a14, false)
UNION ALL SELECT 'EIP68', referral, provider, sub_icb, NULL FROM on_a14
          WHERE (person, referral) IN (SELECT (person, referral) FROM contact_rows WHERE direct)
UNION ALL SELECT 'EIP69a', referral, provider, sub_icb, NULL FROM on_a14 SEMI JOIN coded USING (person, referral)
UNION ALL SELECT 'EIP69b', referral, provider, sub_icb, NULL FROM on_a14
          SEMI JOIN (FROM coded WHERE concordant) USING (person, referral);

-- Crisis response, by the clock; a time that is not told is midnight.
CREATE TEMP TABLE urgent AS
    SELECT o.person, o.referral, o.provider, o.sub_icb, o.age, r.ClinRespPriorityType AS priority,
           o.received + coalesce(r.ReferralRequestReceivedTime, '00:00:00')::TIME AS since,
           (SELECT min(CareContDate + coalesce(CareContTime, '00:00:00')::TIME) FROM read_parquet($contacts) AS c
             WHERE c.Person_ID = o.person AND c.UniqServReqID = o.referral AND c.UniqMonthID = m()
               AND c.CareContDate BETWEEN month_first() AND month_last() AND c.AttendStatus IN ('5', '6')
               AND c.ConsMechanismMH = '01' AND CareContDate + coalesce(CareContTime, '00:00:00')::TIME >= since) AS seen
    FROM of_month AS o
    JOIN read_parquet($referrals) AS r ON r.Person_ID = o.person AND r.UniqServReqID = o.referral AND r.RecordNumber = o.record
    WHERE new AND crisis;

INSERT INTO facts
WITH found AS (
    SELECT *, unnest(list_filter([
        if(priority = '4', 'CCR117', NULL), if(priority = '4' AND seen IS NOT NULL, 'CCR118', NULL),
        if(priority = '4' AND seen - since <= INTERVAL 4 HOUR, 'CCR119', NULL),
        if(priority = '2' AND seen - since <= INTERVAL 24 HOUR, 'CCR120', NULL)], lambda id: id IS NOT NULL)) AS id
    FROM urgent
)
SELECT id, referral, provider, sub_icb, NULL FROM found
UNION ALL SELECT id || if(age >= 18, 'a', 'b'), referral, provider, sub_icb, NULL FROM found WHERE age IS NOT NULL;
