-- Complete months in which a keyword's share of papers reaches what a rule asks for, and did not in the month before.
-- grain: rule, subject, occurred_on
-- rule: the rule
-- subject: the keyword
-- occurred_on: last day of the month
-- keyword: the keyword
-- paper_id: none
-- repository_url: none
-- value: its share
-- title: what happened
-- evidence: the papers behind it, and the interval
-- url: none
WITH months AS (
    SELECT scope, period, row_number() OVER (PARTITION BY scope ORDER BY period) AS month
    FROM mart.scope_periods
    WHERE unit = 'month' AND NOT is_partial
),

met AS (
    SELECT
        rules.rule,
        monthly.keyword,
        monthly.scope,
        monthly.period,
        monthly.papers,
        monthly.papers_total,
        monthly.share,
        monthly.share_low,
        monthly.share_high,
        months.month,
        lag(months.month) OVER (PARTITION BY rules.rule, monthly.keyword ORDER BY months.month) AS month_before
    FROM temp.alert_rules AS rules
    INNER JOIN temp.alert_keywords AS chosen USING (rule)
    INNER JOIN mart.keyword_monthly AS monthly ON chosen.keyword = monthly.keyword AND rules.scope = monthly.scope
    INNER JOIN months ON monthly.scope = months.scope AND monthly.period = months.period
    WHERE rules.condition = 'share' AND monthly.share >= rules.threshold AND monthly.papers >= rules.minimum_papers
)

SELECT
    rule,
    keyword AS subject,
    last_day(period) AS occurred_on,
    keyword,
    NULL::VARCHAR AS paper_id,
    NULL::VARCHAR AS repository_url,
    share AS value,
    printf('%s: %.2f %% of the papers of %s', keyword, 100.0 * share, strftime(period, '%Y-%m')) AS title,
    printf(
        '%d of %d papers (scope %s), 95 %% interval %.2f to %.2f %%',
        papers, papers_total, scope, 100.0 * share_low, 100.0 * share_high
    ) AS evidence,
    NULL::VARCHAR AS url
FROM met
WHERE month_before IS NULL OR month_before <> month - 1
