-- Bursts of keywords that weigh what a rule asks for: the heaviest one of each keyword.
-- grain: rule, subject, occurred_on
-- rule: the rule
-- subject: the keyword
-- occurred_on: last day of the first month of the burst
-- keyword: the keyword
-- paper_id: none
-- repository_url: none
-- value: weight of the burst, in nats
-- title: what happened
-- evidence: the figures behind it
-- url: none
SELECT
    rules.rule,
    trends.keyword AS subject,
    last_day(trends.burst_start) AS occurred_on,
    trends.keyword,
    NULL::VARCHAR AS paper_id,
    NULL::VARCHAR AS repository_url,
    trends.burst_weight AS value,
    trends.keyword || ': a burst since ' || strftime(trends.burst_start, '%Y-%m') AS title,
    printf(
        'Weight %.1f, to %s at least; %d papers with it (scope %s) over %d complete months',
        trends.burst_weight, strftime(trends.burst_end, '%Y-%m'), trends.papers, trends.scope, trends.n_periods
    ) AS evidence,
    NULL::VARCHAR AS url
FROM temp.alert_rules AS rules
INNER JOIN temp.alert_keywords AS chosen USING (rule)
INNER JOIN mart.keyword_trends AS trends ON chosen.keyword = trends.keyword AND rules.scope = trends.scope
WHERE rules.condition = 'burst' AND trends.burst_weight >= rules.threshold AND trends.papers >= rules.minimum_papers
