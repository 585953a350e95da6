-- Papers with each keyword by scope and period, for keywords of at least three papers in the scope.
-- table: work.keyword_periods
-- grain: keyword, scope, unit, period
-- Counting goes by numbers: keywords and scopes are long texts, and there are millions of rows to count.
WITH keyword_numbers AS (
    SELECT keyword, row_number() OVER (ORDER BY keyword)::INTEGER AS keyword_number
    FROM core.keywords
    WHERE papers >= 3
),

scope_numbers AS (
    SELECT scope, row_number() OVER (ORDER BY scope)::INTEGER AS scope_number
    FROM (SELECT DISTINCT scope FROM mart.paper_scopes)
),

daily AS MATERIALIZED (
    SELECT keyword_numbers.keyword_number, scope_numbers.scope_number, scopes.published_on, count(*) AS papers
    FROM core.paper_keywords AS keywords
    INNER JOIN keyword_numbers USING (keyword)
    INNER JOIN mart.paper_scopes AS scopes USING (paper_id)
    INNER JOIN scope_numbers USING (scope)
    WHERE scopes.published_on IS NOT NULL
    GROUP BY ALL
),

supported AS MATERIALIZED (
    SELECT daily.keyword_number, daily.scope_number, daily.published_on, daily.papers
    FROM daily
    INNER JOIN (
        SELECT keyword_number, scope_number FROM daily GROUP BY ALL HAVING sum(papers) >= 3
    ) USING (keyword_number, scope_number)
),

counted AS (
    SELECT keyword_number, scope_number, 'week' AS unit, date_trunc('week', published_on)::DATE AS period, sum(papers)::BIGINT AS papers
    FROM supported
    GROUP BY ALL
    UNION ALL
    SELECT keyword_number, scope_number, 'month' AS unit, date_trunc('month', published_on)::DATE AS period, sum(papers)::BIGINT AS papers
    FROM supported
    GROUP BY ALL
    UNION ALL
    SELECT keyword_number, scope_number, 'year' AS unit, date_trunc('year', published_on)::DATE AS period, sum(papers)::BIGINT AS papers
    FROM supported
    GROUP BY ALL
)

SELECT
    keyword_numbers.keyword,
    scope_numbers.scope,
    counted.unit,
    counted.period,
    counted.papers,
    periods.papers_total,
    periods.is_partial
FROM counted
INNER JOIN keyword_numbers USING (keyword_number)
INNER JOIN scope_numbers USING (scope_number)
INNER JOIN mart.scope_periods AS periods
    ON scope_numbers.scope = periods.scope AND counted.unit = periods.unit AND counted.period = periods.period
