-- Keywords that rise over all papers, by their emergence: fifty at most, with papers of the last months behind each.
-- grain: keyword
-- formats: atom, json_feed, parquet, csv, json, json_schema
-- feed_title: Rising keywords
-- entry_id: lasting name of the entry
-- keyword: see `core.keywords`
-- title: the keyword and its shares
-- url: none
-- reason: its share of the last three complete months with its interval, and of up to twelve before
-- evidence: what the tests say; q in steps, for its value depends on all other keywords
-- summary: none
-- authors: none
-- keywords: the keyword
-- repository_url: none
-- related_titles: five papers of these months at most, those that are most about it
-- related_urls: where to read them
-- since: first day of the last three complete months
-- until: last day of these months
-- papers: its papers in these months
-- papers_total: all papers of these months
-- share: papers / papers_total
-- share_low: lower bound of the 95 % Wilson interval; above previous_share, or it would not be here
-- share_high: upper bound of the 95 % Wilson interval
-- previous_share: its share of the complete months before, twelve at most
-- emergence: see `mart.keyword_trends`
-- entered_on: none
-- changed_on: last day of these months, or the later day on which one of its figures was revised
WITH months AS (
    SELECT period, papers_total, row_number() OVER (ORDER BY period DESC) AS age
    FROM mart.scope_periods
    WHERE scope = 'all' AND unit = 'month' AND NOT is_partial
),

candidates AS (
    SELECT keyword, q_value, burst_start, burst_end, emergence
    FROM mart.keyword_trends
    WHERE scope = 'all' AND trend_status IN ('growth', 'ok') AND growth > 0 AND emergence > 0 AND papers >= 5
),

counted AS (
    SELECT
        candidates.keyword,
        min(months.period) FILTER (months.age <= 3) AS since,
        last_day(max(months.period)) AS until,
        coalesce(sum(monthly.papers) FILTER (months.age <= 3), 0)::BIGINT AS papers,
        sum(months.papers_total) FILTER (months.age <= 3)::BIGINT AS papers_total,
        coalesce(sum(monthly.papers) FILTER (months.age > 3), 0)::BIGINT AS papers_before,
        sum(months.papers_total) FILTER (months.age > 3)::BIGINT AS total_before,
        count(*) FILTER (months.age > 3) AS months_before
    FROM candidates
    CROSS JOIN months
    LEFT JOIN mart.keyword_monthly AS monthly
        ON candidates.keyword = monthly.keyword AND months.period = monthly.period AND monthly.scope = 'all'
    WHERE months.age <= 15
    GROUP BY candidates.keyword
),

-- A score over all months may call a keyword rising that has fallen since: the interval of its last months must lie above
-- its past, too.
rising AS (
    SELECT
        counted.*,
        counted.papers / counted.papers_total AS share,
        wilson_low(counted.papers, counted.papers_total) AS share_low,
        wilson_high(counted.papers, counted.papers_total) AS share_high,
        counted.papers_before / counted.total_before AS previous_share,
        candidates.q_value,
        candidates.burst_start,
        candidates.burst_end,
        candidates.emergence
    FROM counted
    INNER JOIN candidates USING (keyword)
    WHERE wilson_low(counted.papers, counted.papers_total) > counted.papers_before / counted.total_before
    ORDER BY candidates.emergence DESC, counted.papers DESC, counted.keyword
    LIMIT 50
),

behind AS (
    SELECT rising.keyword, papers.paper_id, papers.title, paper_url(papers.arxiv_id, papers.doi) AS url
    FROM rising
    INNER JOIN core.paper_keywords AS used USING (keyword)
    INNER JOIN core.papers AS papers ON used.paper_id = papers.paper_id AND papers.published_on BETWEEN rising.since AND rising.until
    QUALIFY row_number() OVER (
        PARTITION BY rising.keyword
        ORDER BY used.in_title DESC, used.rank, papers.published_on DESC, papers.paper_id
    ) <= 5
),

related AS (
    SELECT keyword, list(title ORDER BY paper_id) AS titles, list(url ORDER BY paper_id) AS urls
    FROM behind
    GROUP BY keyword
),

revised AS (
    SELECT key AS keyword, max(revised_on) AS revised_on
    FROM mart.trend_revisions
    WHERE mart = 'keyword_monthly'
    GROUP BY key
)

SELECT
    'rising/' || rising.keyword AS entry_id,
    rising.keyword,
    printf('%s rises: %.2f %% of papers, %.2f %% before', rising.keyword, 100.0 * rising.share, 100.0 * rising.previous_share) AS title,
    NULL::VARCHAR AS url,
    printf(
        '%.2f %% of the papers of %s to %s (%d of %d; 95 %% interval %.2f to %.2f %%), against %.2f %% of those of the %d months before',
        100.0 * rising.share,
        strftime(rising.since, '%Y-%m'),
        strftime(rising.until, '%Y-%m'),
        rising.papers,
        rising.papers_total,
        100.0 * rising.share_low,
        100.0 * rising.share_high,
        100.0 * rising.previous_share,
        rising.months_before
    ) AS reason,
    nullif(
        concat_ws(
            '; ',
            CASE
                WHEN rising.q_value < 0.01 THEN 'Mann-Kendall test of all months: q below 0.01'
                WHEN rising.q_value < 0.05 THEN 'Mann-Kendall test of all months: q below 0.05'
                WHEN rising.q_value < 0.1 THEN 'Mann-Kendall test of all months: q below 0.1'
                WHEN rising.q_value IS NOT NULL THEN 'Mann-Kendall test of all months: not significant (q from 0.1)'
            END,
            'burst from ' || strftime(rising.burst_start, '%Y-%m') || ' to ' || strftime(rising.burst_end, '%Y-%m')
        ),
        ''
    ) AS evidence,
    NULL::VARCHAR AS summary,
    NULL::VARCHAR[] AS authors,
    [rising.keyword] AS keywords,
    NULL::VARCHAR AS repository_url,
    related.titles AS related_titles,
    related.urls AS related_urls,
    rising.since,
    rising.until,
    rising.papers,
    rising.papers_total,
    rising.share,
    rising.share_low,
    rising.share_high,
    rising.previous_share,
    rising.emergence,
    NULL::DATE AS entered_on,
    greatest(rising.until, revised.revised_on) AS changed_on
FROM rising
LEFT JOIN related USING (keyword)
LEFT JOIN revised USING (keyword)
ORDER BY rising.emergence DESC, rising.papers DESC, rising.keyword
