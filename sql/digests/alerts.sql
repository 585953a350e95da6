-- Alerts for digests that fired since the day in the variable `since`.
-- grain: alert_id
-- alert_id: see `ops.alerts`
-- rule: the rule: the stem of its file
-- fired_on: last day observed in the warehouse when it fired
-- title: what happened, on one line
-- evidence: sentence or figures behind it
-- url: where to look
SELECT alert_id, rule, fired_on, title, evidence, url
FROM ops.alerts
WHERE list_contains(channels, 'digest') AND fired_on >= getvariable('since')::DATE
