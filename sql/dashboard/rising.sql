-- The keywords of each scope that rise and fall most surely, with their shares of three years.
-- grain: scope_number, direction, place
-- scope_number: the scope, see `scopes`
-- direction: rising or falling
-- place: 1 is the surest
-- keyword: see `core.keywords`
-- papers: dated papers of the scope with the keyword
-- growth: log odds ratio of the recent months against those before
-- emergence: how surely it rises; keywords are ranked by it
-- q_value: Mann-Kendall test after Benjamini-Hochberg
-- burst_start: first month of the heaviest burst
-- share: share in the recent months, the last third of those below
-- share_low: lower bound of its 95 % Wilson interval
-- share_high: upper bound of its 95 % Wilson interval
-- before: share in the other two thirds
-- before_low: lower bound of its 95 % Wilson interval
-- before_high: upper bound of its 95 % Wilson interval
-- shares: shares of the scope's last 36 complete months of five papers and more, the last one last
WITH ranked AS (
    SELECT
        trends.keyword,
        trends.scope,
        trends.papers,
        trends.growth,
        trends.emergence,
        trends.q_value,
        trends.burst_start,
        scopes.scope_number,
        CASE WHEN trends.emergence > 0 THEN 'rising' ELSE 'falling' END AS direction,
        row_number() OVER (
            PARTITION BY trends.scope, trends.emergence > 0
            ORDER BY abs(trends.emergence) DESC, trends.papers DESC, trends.keyword
        ) AS place
    FROM mart.keyword_trends AS trends
    INNER JOIN page.scopes AS scopes USING (scope)
    WHERE trends.emergence <> 0 AND trends.papers >= 5
    QUALIFY place <= 25
),

latest AS (
    SELECT scope, period, papers_total, row_number() OVER (PARTITION BY scope ORDER BY period DESC) AS age
    FROM mart.scope_periods
    WHERE unit = 'month' AND NOT is_partial AND papers_total >= 5
    QUALIFY age <= 36
),

months AS (
    SELECT scope, period, papers_total, age <= ceil(count(*) OVER (PARTITION BY scope) / 3) AS is_recent
    FROM latest
),

counted AS (
    SELECT
        ranked.keyword,
        ranked.scope,
        list(coalesce(series.papers, 0) / months.papers_total ORDER BY months.period) AS shares,
        coalesce(sum(series.papers) FILTER (months.is_recent), 0)::BIGINT AS papers_recent,
        (sum(months.papers_total) FILTER (months.is_recent))::BIGINT AS total_recent,
        coalesce(sum(series.papers) FILTER (NOT months.is_recent), 0)::BIGINT AS papers_before,
        (sum(months.papers_total) FILTER (NOT months.is_recent))::BIGINT AS total_before
    FROM ranked
    INNER JOIN months USING (scope)
    LEFT JOIN mart.keyword_monthly AS series USING (keyword, scope, period)
    GROUP BY ranked.keyword, ranked.scope
)

SELECT
    ranked.scope_number,
    ranked.direction,
    ranked.place,
    ranked.keyword,
    ranked.papers,
    ranked.growth,
    ranked.emergence,
    ranked.q_value,
    ranked.burst_start,
    counted.papers_recent / counted.total_recent AS share,
    wilson_low(counted.papers_recent, counted.total_recent) AS share_low,
    wilson_high(counted.papers_recent, counted.total_recent) AS share_high,
    counted.papers_before / counted.total_before AS before,
    wilson_low(counted.papers_before, counted.total_before) AS before_low,
    wilson_high(counted.papers_before, counted.total_before) AS before_high,
    counted.shares
FROM ranked
LEFT JOIN counted USING (keyword, scope)
ORDER BY ranked.scope_number, ranked.direction, ranked.place
