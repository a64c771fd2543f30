-- Every measure by provider and team type, for a year or each of its months, with the national choices: written by hand
-- for DuckDB from the definitions. $names are the files of each table; periods holds (period, first_day, last_day,
-- access_from, wide): access is counted after access_from, and wide says that A14 and D05 are part of it.

WITH referral_rows AS (
    -- One row a referral: the latest submission.
    SELECT Person_ID AS person, UniqServReqID AS referral, RecordNumber AS record, OrgIDProv AS organisation,
           AgeServReferRecDate AS age, ReferralRequestReceivedDate AS received, ServDischDate AS discharged
    FROM read_parquet($referrals)
    WHERE Person_ID IS NOT NULL AND UniqServReqID IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY Person_ID, UniqServReqID
        ORDER BY UniqMonthID DESC NULLS LAST, RecordNumber DESC NULLS LAST,
                 ReferralRequestReceivedDate DESC NULLS LAST, ServDischDate DESC NULLS FIRST
    ) = 1
), eligible AS MATERIALIZED (
    -- Adults resident in England, or who knows where, whose referral is of no hospital spell.
    SELECT referral_rows.* FROM referral_rows
    LEFT JOIN (
        SELECT RecordNumber AS record, Person_ID AS person, max(LADistrictAuth) AS residence
        FROM read_parquet($people) GROUP BY ALL
    ) USING (record, person)
    ANTI JOIN (
        SELECT Person_ID AS person, UniqServReqID AS referral FROM read_parquet($hospital_spells)
    ) USING (person, referral)
    WHERE received IS NOT NULL AND age >= 18 AND (coalesce(residence, '') = '' OR residence LIKE 'E%')
), teams AS (
    -- The team types of each referral, the best within the core and access scopes, and whether all rejected it.
    SELECT person, referral,
           coalesce(min(code) FILTER (core AND rejected IS NULL), min(code) FILTER (core)) AS core_code,
           coalesce(min(code) FILTER (wide AND rejected IS NULL), min(code) FILTER (wide)) AS wide_code,
           CASE WHEN bool_and(rejected IS NOT NULL) THEN max(rejected) END AS rejected
    FROM (
        SELECT person, referral,
               CASE ServTeamTypeRefToMH WHEN 'C03' THEN 'C10' ELSE ServTeamTypeRefToMH END AS code,
               code IN ('A05', 'A06', 'A08', 'A09', 'A12', 'A13', 'A16', 'C10') AS core,
               core OR code IN ('A14', 'D05') AS wide,
               coalesce(ReferRejectionDate, CASE WHEN ReferRejectReason IS NOT NULL THEN received END) AS rejected
        FROM eligible
        JOIN read_parquet($service_types) AS service
          ON service.UniqServReqID = eligible.referral AND service.RecordNumber = eligible.record
    )
    GROUP BY ALL
), in_scope AS MATERIALIZED (
    SELECT person, referral, organisation, received, discharged, rejected, least(discharged, rejected) AS closed,
           team_type(core_code) AS team, core_code IS NOT NULL AS core, team_type(wide_code) AS wide_team,
           row_number() OVER () AS number
    FROM eligible JOIN teams USING (person, referral)
    WHERE wide_code IS NOT NULL
), contact_rows AS (
    SELECT Person_ID AS person, UniqServReqID AS referral, CareContDate AS day, AttendStatus AS attendance,
           ConsMechanismMH AS mechanism
    FROM read_parquet($contacts)
    WHERE UniqCareContID IS NOT NULL AND Person_ID IN (SELECT person FROM in_scope)
    QUALIFY row_number() OVER (
        PARTITION BY Person_ID, UniqCareContID
        ORDER BY UniqMonthID DESC NULLS LAST, RecordNumber DESC NULLS LAST, CareContDate DESC NULLS LAST,
                 AttendStatus DESC NULLS LAST, ConsMechanismMH DESC NULLS LAST, UniqServReqID DESC NULLS LAST
    ) = 1
), contact_days AS MATERIALIZED (
    -- Contacts of each referral by period (none outside), and the first two of them on or after its receipt.
    SELECT number, period_of(day) AS period,
           count(*) FILTER (direct) AS contacts,
           count(*) FILTER (direct AND mechanism = '01') AS face_to_face_contacts,
           count(*) FILTER (attendance IN ('3', '7')) AS did_not_attends,
           min(day, 2) FILTER (direct AND day >= received) AS days
    FROM (
        SELECT *, attendance IN ('5', '6') AND mechanism IN ('01', '02', '04', '11') AS direct
        FROM contact_rows JOIN in_scope USING (person, referral)
        WHERE day IS NOT NULL
    )
    GROUP BY ALL
), facts AS MATERIALIZED (
    SELECT * FROM in_scope
    LEFT JOIN (
        SELECT number, days[1] AS first_contact, days[2] AS second_contact FROM (
            SELECT number, list_sort(flatten(list(days))) AS days FROM contact_days WHERE days IS NOT NULL GROUP BY ALL
        )
    ) USING (number)
), members AS (
    -- Referrals of one person with one provider within five days of the latest end so far are one spell.
    SELECT *, sum(starts) OVER (ORDER BY person, organisation, received, referral ROWS UNBOUNDED PRECEDING) AS spell
    FROM (
        SELECT *, coalesce(received - 5 > max(greatest(coalesce(closed, 'infinity'), received)) OVER (
                      PARTITION BY person, organisation ORDER BY received, referral
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                  ), true)::INT AS starts
        FROM facts WHERE core AND rejected IS NULL
    )
), spells AS MATERIALIZED (
    SELECT spell, any_value(organisation) AS organisation, min(received) AS start,
           arg_min(team, (received, referral)) AS team,
           list_sort(list_concat(list(first_contact) FILTER (first_contact IS NOT NULL),
                                 list(second_contact) FILTER (second_contact IS NOT NULL)))[2] AS ended,
           list({received: received, closed: closed}) AS members
    FROM members GROUP BY spell
), counts AS (
    SELECT organisation, team, period_of(received) AS period, count(*) AS referrals,
           count(rejected) AS referrals_rejected, count(*) - count(rejected) AS referrals_accepted
    FROM facts WHERE core GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period_of(closed) AS period, count(*) AS referrals_closed
    FROM facts WHERE core GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period_of(discharged) AS period, count(*) AS discharges
    FROM facts WHERE core AND rejected IS NULL GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period, count(*) AS open_referrals, count(*) FILTER (first_contact <= last_day) AS caseload
    FROM facts JOIN periods ON received <= last_day AND coalesce(closed > last_day, true)
    WHERE core GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period, sum(contacts) AS contacts, sum(face_to_face_contacts) AS face_to_face_contacts,
           sum(did_not_attends) AS did_not_attends
    FROM contact_days JOIN facts USING (number) WHERE core GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period_of(ended) AS period, count(*) AS waits_completed,
           count(*) FILTER (ended - start <= 28) AS waits_within_four_weeks
    FROM spells GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period, count(*) AS waiting,
           count(*) FILTER (last_day - start > 364) AS waiting_over_52_weeks,
           count(*) FILTER (last_day - start > 546) AS waiting_over_78_weeks,
           count(*) FILTER (last_day - start > 728) AS waiting_over_104_weeks
    FROM spells JOIN periods ON start <= last_day AND coalesce(ended > last_day, true)
    WHERE len(list_filter(members, lambda m: m.received <= last_day AND coalesce(m.closed > last_day, true))) > 0
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, if(wide, wide_team, team) AS team, period, count(DISTINCT person) AS people_accessing
    FROM facts JOIN periods ON second_contact > access_from AND second_contact <= last_day AND (wide OR core)
    GROUP BY ALL
)
SELECT organisation, team AS team_type, period,
       coalesce(sum(referrals), 0)::BIGINT AS referrals,
       coalesce(sum(referrals_accepted), 0)::BIGINT AS referrals_accepted,
       coalesce(sum(referrals_rejected), 0)::BIGINT AS referrals_rejected,
       coalesce(sum(referrals_closed), 0)::BIGINT AS referrals_closed,
       coalesce(sum(discharges), 0)::BIGINT AS discharges,
       coalesce(sum(open_referrals), 0)::BIGINT AS open_referrals,
       coalesce(sum(contacts), 0)::BIGINT AS contacts,
       coalesce(sum(face_to_face_contacts), 0)::BIGINT AS face_to_face_contacts,
       coalesce(sum(did_not_attends), 0)::BIGINT AS did_not_attends,
       coalesce(sum(caseload), 0)::BIGINT AS caseload,
       coalesce(sum(waits_completed), 0)::BIGINT AS waits_completed,
       coalesce(sum(waits_within_four_weeks), 0)::BIGINT AS waits_within_four_weeks,
       coalesce(sum(waiting), 0)::BIGINT AS waiting,
       coalesce(sum(waiting_over_52_weeks), 0)::BIGINT AS waiting_over_52_weeks,
       coalesce(sum(waiting_over_78_weeks), 0)::BIGINT AS waiting_over_78_weeks,
       coalesce(sum(waiting_over_104_weeks), 0)::BIGINT AS waiting_over_104_weeks,
       coalesce(sum(people_accessing), 0)::BIGINT AS people_accessing
FROM counts
WHERE period IS NOT NULL
GROUP BY ALL
HAVING greatest(sum(referrals), sum(referrals_closed), sum(discharges), sum(open_referrals), sum(contacts),
                sum(did_not_attends), sum(waits_completed), sum(waiting), sum(people_accessing)) > 0
