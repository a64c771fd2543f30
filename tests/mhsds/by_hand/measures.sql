-- Every measure by provider and team type, for a year or each of its months, with the national choices: written by hand
-- for DuckDB from the definitions. $names are the files of each table; periods holds (period, first_day, last_day,
-- access_from, wide): access is counted after access_from, and wide says that A14 and D05 are part of it. first_of(month)
-- is the first day of a reporting month, year_of(day) the financial year of a day.

WITH referral_rows AS (
    -- One row a referral: the latest submission.
    SELECT Person_ID AS person, UniqServReqID AS referral, RecordNumber AS record, OrgIDProv AS organisation,
           AgeServReferRecDate AS age, ReferralRequestReceivedDate AS received, ServDischDate AS discharged,
           first_of(UniqMonthID + 1) - 1 AS month_end,
           max(UniqMonthID) OVER () > UniqMonthID AS lapses
    FROM read_parquet($referrals)
    WHERE Person_ID IS NOT NULL AND UniqServReqID IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY Person_ID, UniqServReqID
        ORDER BY UniqMonthID DESC NULLS LAST, RecordNumber DESC NULLS LAST,
                 ReferralRequestReceivedDate DESC NULLS LAST, ServDischDate DESC NULLS FIRST
    ) = 1
), links AS MATERIALIZED (
    -- From when on each referral is known to be linked to a hospital spell.
    SELECT Person_ID AS person, UniqServReqID AS referral,
           coalesce(first_of(UniqMonthID), StartDateHospProvSpell, DATE '0001-01-01') AS known
    FROM read_parquet($hospital_spells)
    WHERE Person_ID IS NOT NULL AND UniqServReqID IS NOT NULL
), eligible AS MATERIALIZED (
    -- Adults resident in England, or who knows where.
    SELECT referral_rows.*, linked FROM referral_rows
    LEFT JOIN (
        SELECT RecordNumber AS record, Person_ID AS person, max(LADistrictAuth) AS residence
        FROM read_parquet($people) GROUP BY ALL
    ) USING (record, person)
    LEFT JOIN (SELECT person, referral, min(known) AS linked FROM links GROUP BY ALL) USING (person, referral)
    WHERE received IS NOT NULL AND age >= 18 AND (coalesce(residence, '') = '' OR residence LIKE 'E%')
), teams AS (
    -- The team types of each referral, the best within the core and access scopes. The core services' own rows decide
    -- whether it was rejected, and when it ends as part of a spell: the discharge, else the rejection, else the closure,
    -- or the end of its last month where there is none or that comes later.
    SELECT person, referral,
           coalesce(min(code) FILTER (core AND rejected IS NULL), min(code) FILTER (core)) AS core_code,
           coalesce(min(code) FILTER (wide AND rejected IS NULL), min(code) FILTER (wide)) AS wide_code,
           CASE WHEN bool_and(rejected IS NOT NULL) FILTER (core) THEN max(rejected) FILTER (core) END AS rejected,
           max(least(coalesce(discharged, rejected, closure, 'infinity'), coalesce(month_end, 'infinity')))
               FILTER (core) AS ended
    FROM (
        SELECT person, referral, discharged, month_end, ReferClosureDate AS closure,
               CASE ServTeamTypeRefToMH WHEN 'C03' THEN 'C10' ELSE ServTeamTypeRefToMH END AS code,
               code IN ('A05', 'A06', 'A08', 'A09', 'A12', 'A13', 'A16', 'C10') AS core,
               core OR code IN ('A14', 'D05') AS wide,
               coalesce(ReferRejectionDate,
                        CASE WHEN ReferRejectReason IN ('01', '02', '03') THEN received END) AS rejected
        FROM eligible
        JOIN read_parquet($service_types) AS service
          ON service.UniqServReqID = eligible.referral AND service.RecordNumber = eligible.record
    )
    GROUP BY ALL
), in_scope AS MATERIALIZED (
    SELECT person, referral, organisation, received, discharged, rejected, linked,
           least(discharged, rejected, CASE WHEN lapses THEN month_end + 1 END) AS closed,
           greatest(ended, received) AS ended,
           team_type(core_code) AS team, core_code IS NOT NULL AS core, team_type(wide_code) AS wide_team,
           row_number() OVER () AS number
    FROM eligible JOIN teams USING (person, referral)
    WHERE wide_code IS NOT NULL
), contact_rows AS (
    -- Before version 5, month 1459, 03 was video and 06 text, and all that is no message was direct.
    SELECT Person_ID AS person, UniqServReqID AS referral, CareContDate AS day, AttendStatus AS attendance,
           coalesce(UniqMonthID < 1459, false) AS older,
           CASE WHEN older AND ConsMechanismMH = '03' THEN '11' WHEN older AND ConsMechanismMH = '06' THEN '09'
                ELSE ConsMechanismMH END AS mechanism,
           coalesce(first_of(UniqMonthID), CareContDate) AS submitted
    FROM read_parquet($contacts)
    WHERE UniqCareContID IS NOT NULL AND Person_ID IN (SELECT person FROM in_scope)
    QUALIFY row_number() OVER (
        PARTITION BY Person_ID, UniqCareContID
        ORDER BY UniqMonthID DESC NULLS LAST, RecordNumber DESC NULLS LAST, CareContDate DESC NULLS LAST,
                 AttendStatus DESC NULLS LAST, mechanism DESC NULLS LAST, UniqServReqID DESC NULLS LAST
    ) = 1
), contacts AS MATERIALIZED (
    SELECT number, day, submitted, attendance, mechanism,
           coalesce(attendance IN ('5', '6')
                    AND CASE WHEN older THEN mechanism NOT IN ('05', '09') ELSE mechanism IN ('01', '02', '04', '11') END,
                    false) AS direct
    FROM contact_rows JOIN in_scope USING (person, referral)
    WHERE day IS NOT NULL
), contact_counts AS (
    SELECT number, period_of(day) AS period,
           count(*) FILTER (direct) AS contacts,
           count(*) FILTER (direct AND mechanism = '01') AS face_to_face_contacts,
           count(*) FILTER (attendance IN ('3', '7')) AS did_not_attends
    FROM contacts GROUP BY ALL
), facts AS MATERIALIZED (
    -- Of each referral the days of its direct contacts, and the first of them on or after its receipt.
    SELECT *, list_min(list_filter(days, lambda day: day >= received)) AS first_contact FROM in_scope
    LEFT JOIN (SELECT number, list(day) AS days FROM contacts WHERE direct GROUP BY number) USING (number)
), core_at AS (
    -- Core referrals in each period: a hospital spell takes one out from when on it is known.
    SELECT * FROM facts JOIN periods ON coalesce(linked > last_day, true) WHERE core
), of_whom AS (
    -- What is in spells differs between periods of those alone who were in hospital.
    SELECT *, NULL::DATE AS as_of FROM facts
    WHERE core AND person NOT IN (SELECT person FROM facts WHERE core AND linked IS NOT NULL)
    UNION ALL BY NAME
    SELECT * EXCLUDE (period, first_day, last_day, access_from, wide), last_day AS as_of FROM core_at
    WHERE person IN (SELECT person FROM facts WHERE core AND linked IS NOT NULL)
), members AS (
    -- Referrals of one person with one provider within five days of the latest end so far are one spell.
    SELECT *, sum(starts) OVER (
               ORDER BY person, organisation, as_of, received, referral ROWS UNBOUNDED PRECEDING
           ) AS spell
    FROM (
        SELECT *, coalesce(received - 5 > max(ended) OVER (
                      PARTITION BY person, organisation, as_of ORDER BY received, referral
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                  ), true)::INT AS starts
        FROM of_whom WHERE coalesce(organisation, '') NOT IN ('DFC', 'S9X2N')
    )
), whole_spells AS (
    SELECT spell, person, organisation, as_of, min(received) AS start, max(ended) AS ended,
           arg_min(team, (received, referral)) AS team
    FROM members GROUP BY ALL
), spells AS MATERIALIZED (
    -- A contact of any of the person's referrals with the provider counts for the spell in which it is dated.
    SELECT whole_spells.*,
           list_sort(list_filter(theirs.days, lambda day: day >= start AND day <= ended))[2] AS completed
    FROM whole_spells
    LEFT JOIN (SELECT person, organisation, as_of, flatten(list(days)) AS days FROM members
               WHERE days IS NOT NULL GROUP BY ALL) AS theirs
      ON whole_spells.person = theirs.person AND whole_spells.organisation IS NOT DISTINCT FROM theirs.organisation
     AND whole_spells.as_of IS NOT DISTINCT FROM theirs.as_of
    WHERE start >= DATE '2016-01-01'
), spells_at AS (
    SELECT * FROM spells JOIN periods ON as_of IS NULL OR as_of = last_day
), accessing AS (
    -- Two direct contacts in the twelve months; not in a financial year in which the referral is linked to a hospital.
    SELECT number, period FROM facts JOIN periods ON wide OR core
    WHERE linked IS NULL AND len(list_filter(days, lambda day: day > access_from AND day <= last_day)) >= 2
    UNION ALL
    SELECT number, period FROM facts JOIN periods ON wide OR core
    JOIN contacts USING (number)
    WHERE linked IS NOT NULL AND direct AND day > access_from AND day <= last_day AND NOT EXISTS (
        FROM links WHERE links.person = facts.person AND links.referral = facts.referral AND known <= last_day
                     AND year_of(CASE WHEN known = DATE '0001-01-01' THEN last_day ELSE known END) = year_of(submitted)
    )
    GROUP BY ALL HAVING count(*) >= 2
), counts AS (
    SELECT organisation, team, period, count(*) AS referrals, count(rejected) AS referrals_rejected,
           count(*) - count(rejected) AS referrals_accepted
    FROM core_at WHERE received BETWEEN first_day AND last_day GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period, count(*) AS referrals_closed
    FROM core_at WHERE closed BETWEEN first_day AND last_day GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period, count(*) AS discharges
    FROM core_at WHERE rejected IS NULL AND discharged BETWEEN first_day AND last_day GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period, count(*) AS open_referrals, count(*) FILTER (first_contact <= last_day) AS caseload
    FROM core_at WHERE received <= last_day AND coalesce(closed > last_day, true) GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period, sum(contacts) AS contacts, sum(face_to_face_contacts) AS face_to_face_contacts,
           sum(did_not_attends) AS did_not_attends
    FROM contact_counts JOIN core_at USING (number, period) GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, team, period, count(*) AS waits_completed,
           count(*) FILTER (completed - start <= 28) AS waits_within_four_weeks
    FROM spells_at WHERE completed BETWEEN first_day AND last_day GROUP BY ALL
    UNION ALL BY NAME
    -- A spell that ended within five days still counts as open.
    SELECT organisation, team, period, count(*) AS waiting,
           count(*) FILTER (last_day - start > 126) AS waiting_over_18_weeks,
           count(*) FILTER (last_day - start > 364) AS waiting_over_52_weeks,
           count(*) FILTER (last_day - start > 546) AS waiting_over_78_weeks,
           count(*) FILTER (last_day - start > 728) AS waiting_over_104_weeks
    FROM spells_at
    WHERE start <= last_day AND ended >= last_day - 5 AND coalesce(completed > last_day, true)
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT organisation, if(wide, wide_team, team) AS team, period, count(DISTINCT person) AS people_accessing
    FROM accessing JOIN facts USING (number) JOIN periods USING (period) GROUP BY ALL
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
       coalesce(sum(waiting_over_18_weeks), 0)::BIGINT AS waiting_over_18_weeks,
       coalesce(sum(waiting_over_52_weeks), 0)::BIGINT AS waiting_over_52_weeks,
       coalesce(sum(waiting_over_78_weeks), 0)::BIGINT AS waiting_over_78_weeks,
       coalesce(sum(waiting_over_104_weeks), 0)::BIGINT AS waiting_over_104_weeks,
       coalesce(sum(people_accessing), 0)::BIGINT AS people_accessing
FROM counts
GROUP BY ALL
HAVING greatest(sum(referrals), sum(referrals_closed), sum(discharges), sum(open_referrals), sum(contacts),
                sum(did_not_attends), sum(waits_completed), sum(waiting), sum(people_accessing)) > 0
