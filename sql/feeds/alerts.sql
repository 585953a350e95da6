-- The hundred alerts that fired last, of all rules with the channel `feed`.
-- grain: alert_id
-- formats: atom, json_feed, parquet, csv, json, json_schema
-- feed_title: Alerts
-- entry_id: lasting name of the entry
-- alert_id: see `ops.alerts`
-- rule: the rule that fired
-- title: what happened
-- url: where to look
-- reason: what the rule asks for, when it came about, and by when it was found out
-- evidence: sentence or figures
-- summary: none
-- authors: none
-- keywords: rule, condition and keyword
-- repository_url: the repository, if the alert is about one
-- related_titles: none
-- related_urls: none
-- entered_on: day on which it fired
-- changed_on: the same; an alert never changes
SELECT
    'alert/' || alert_id AS entry_id,
    alert_id,
    rule,
    title,
    url,
    'Rule ' || rule || ' asks for ' || CASE condition
        WHEN 'share' THEN printf('a share of %.4g %% or more', 100.0 * threshold)
        WHEN 'keyword_rank' THEN printf('a place among the %d most used keywords', threshold::BIGINT)
        WHEN 'burst' THEN printf('a burst of weight %.4g or more', threshold)
        WHEN 'rank' THEN printf('a rank up to %d', threshold::BIGINT)
        WHEN 'new_code' THEN 'first code links'
        ELSE 'links that die'
    END || '; this came about on ' || occurred_on || ', and was found out by ' || fired_on AS reason,
    evidence,
    NULL::VARCHAR AS summary,
    NULL::VARCHAR[] AS authors,
    list_filter([rule, condition, keyword], lambda term: term IS NOT NULL) AS keywords,
    repository_url,
    NULL::VARCHAR[] AS related_titles,
    NULL::VARCHAR[] AS related_urls,
    fired_on AS entered_on,
    fired_on AS changed_on
FROM ops.alerts
WHERE list_contains(channels, 'feed')
ORDER BY fired_on DESC, occurred_on DESC, alert_id
LIMIT 100
