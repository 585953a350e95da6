-- Papers with each keyword by scope and period, for keywords of at least three dated papers in the scope; all in numbers.
-- table: work.keyword_counts
-- grain: unit, keyword_number, scope_number, period
-- Keyword, scope and day are one number on the way, counted and sorted faster than three: the last 17 bits are the days
-- since 1900, the 16 before them the scope, the rest the keyword. Sorted, so that the views on it come out in order.
WITH dated AS (
    SELECT
        scopes.paper_id,
        scopes.published_on,
        list(scope_numbers.scope_number::BIGINT << 17) AS scopes
    FROM mart.paper_scopes AS scopes
    INNER JOIN work.scope_numbers AS scope_numbers USING (scope)
    WHERE scopes.published_on IS NOT NULL
    GROUP BY scopes.paper_id, scopes.published_on
),

uses AS MATERIALIZED (
    SELECT (numbers.keyword_number::BIGINT << 33) + unnest(dated.scopes) AS line, dated.published_on
    FROM core.paper_keywords AS keywords
    INNER JOIN work.keyword_numbers AS numbers USING (keyword)
    INNER JOIN dated USING (paper_id)
),

supported AS (
    SELECT line FROM uses GROUP BY line HAVING count(*) >= 3
),

enough AS MATERIALIZED (
    SELECT uses.line, uses.published_on FROM uses SEMI JOIN supported USING (line)
),

weekly AS (
    SELECT line + (date_trunc('week', published_on)::DATE - DATE '1900-01-01') AS cell, count(*) AS papers
    FROM enough
    GROUP BY cell
    ORDER BY cell
),

monthly AS (
    SELECT line + (date_trunc('month', published_on)::DATE - DATE '1900-01-01') AS cell, count(*) AS papers
    FROM enough
    GROUP BY cell
    ORDER BY cell
),

yearly AS (
    SELECT line + (date_trunc('year', published_on)::DATE - DATE '1900-01-01') AS cell, count(*) AS papers
    FROM enough
    GROUP BY cell
    ORDER BY cell
),

counted AS (
    SELECT 'month' AS unit, cell, papers FROM monthly
    UNION ALL
    SELECT 'week' AS unit, cell, papers FROM weekly
    UNION ALL
    SELECT 'year' AS unit, cell, papers FROM yearly
)

SELECT
    unit,
    (cell >> 33)::INTEGER AS keyword_number,
    ((cell >> 17) & 65535)::INTEGER AS scope_number,
    DATE '1900-01-01' + (cell & 131071)::INTEGER AS period,
    papers
FROM counted
