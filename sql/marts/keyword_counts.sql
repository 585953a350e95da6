-- Papers with each keyword by scope and period, for keywords of at least three dated papers in the scope; all in numbers.
-- table: work.keyword_counts
-- grain: unit, keyword_number, scope_number, period
-- Sorted, so that the views on it come out in order and one keyword's line is read without the others.
WITH dated AS (
    SELECT scopes.paper_id, scopes.published_on, list(scope_numbers.scope_number) AS scope_numbers
    FROM mart.paper_scopes AS scopes
    INNER JOIN work.scope_numbers AS scope_numbers USING (scope)
    WHERE scopes.published_on IS NOT NULL
    GROUP BY scopes.paper_id, scopes.published_on
),

uses AS MATERIALIZED (
    SELECT numbers.keyword_number, unnest(dated.scope_numbers) AS scope_number, dated.published_on
    FROM core.paper_keywords AS keywords
    INNER JOIN work.keyword_numbers AS numbers USING (keyword)
    INNER JOIN dated USING (paper_id)
),

yearly AS MATERIALIZED (
    SELECT keyword_number, scope_number, date_trunc('year', published_on)::DATE AS period, count(*) AS papers
    FROM uses
    GROUP BY ALL
),

supported AS (
    SELECT keyword_number, scope_number
    FROM yearly
    GROUP BY keyword_number, scope_number
    HAVING sum(papers) >= 3
),

counted AS (
    SELECT keyword_number, scope_number, 'week' AS unit, date_trunc('week', published_on)::DATE AS period, count(*) AS papers
    FROM uses
    GROUP BY ALL
    UNION ALL
    SELECT keyword_number, scope_number, 'month' AS unit, date_trunc('month', published_on)::DATE AS period, count(*) AS papers
    FROM uses
    GROUP BY ALL
    UNION ALL
    SELECT keyword_number, scope_number, 'year' AS unit, period, papers FROM yearly
)

SELECT counted.unit, counted.keyword_number, counted.scope_number, counted.period, counted.papers
FROM counted
SEMI JOIN supported USING (keyword_number, scope_number)
ORDER BY unit, keyword_number, scope_number, period
