-- Promises of code by the month in which they were made, and how many were kept since.
-- grain: period
-- period: first day of the month
-- promised: papers that promised code in the month
-- kept: how many of them have a repository link by now
-- kept_soon: how many had it after ninety days at most
-- share: kept / promised
-- share_low: lower bound of the 95 % Wilson interval
-- share_high: upper bound of the 95 % Wilson interval
SELECT
    date_trunc('month', promised_on)::DATE AS period,
    count(*) AS promised,
    count(kept_on) AS kept,
    count(*) FILTER (days_to_code <= 90) AS kept_soon,
    count(kept_on) / count(*) AS share,
    wilson_low(count(kept_on), count(*)) AS share_low,
    wilson_high(count(kept_on), count(*)) AS share_high
FROM mart.code_promises
GROUP BY period
ORDER BY period
