-- Complete months in which a keyword is among the most used ones that a rule asks for, and was not in the month before.
-- grain: rule, subject, occurred_on
-- rule: the rule
-- subject: the keyword
-- occurred_on: last day of the month
-- keyword: the keyword
-- paper_id: none
-- repository_url: none
-- value: its rank by papers of the month in the scope
-- title: what happened
-- evidence: the papers behind it
-- url: none
WITH months AS (
    SELECT scope, period, row_number() OVER (PARTITION BY scope ORDER BY period) AS month
    FROM mart.scope_periods
    WHERE unit = 'month' AND NOT is_partial
),

ranked AS (
    SELECT
        monthly.keyword,
        monthly.scope,
        monthly.period,
        monthly.papers,
        monthly.papers_total,
        months.month,
        rank() OVER (PARTITION BY monthly.scope, monthly.period ORDER BY monthly.papers DESC) AS place
    FROM mart.keyword_monthly AS monthly
    INNER JOIN months ON monthly.scope = months.scope AND monthly.period = months.period
    WHERE monthly.scope IN (SELECT scope FROM temp.alert_rules WHERE condition = 'keyword_rank')
),

met AS (
    SELECT
        rules.rule,
        ranked.*,
        lag(ranked.month) OVER (PARTITION BY rules.rule, ranked.keyword ORDER BY ranked.month) AS month_before
    FROM temp.alert_rules AS rules
    INNER JOIN temp.alert_keywords AS chosen USING (rule)
    INNER JOIN ranked ON chosen.keyword = ranked.keyword AND rules.scope = ranked.scope
    WHERE rules.condition = 'keyword_rank' AND ranked.place <= rules.threshold AND ranked.papers >= rules.minimum_papers
)

SELECT
    rule,
    keyword AS subject,
    last_day(period) AS occurred_on,
    keyword,
    NULL::VARCHAR AS paper_id,
    NULL::VARCHAR AS repository_url,
    place::DOUBLE AS value,
    printf('%s: number %d of the keywords of %s', keyword, place, strftime(period, '%Y-%m')) AS title,
    printf('%d of %d papers (scope %s)', papers, papers_total, scope) AS evidence,
    NULL::VARCHAR AS url
FROM met
WHERE month_before IS NULL OR month_before <> month - 1
