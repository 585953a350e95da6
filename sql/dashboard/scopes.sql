-- Scopes that trends are counted in, numbered. A source of every paper says the same as `all` and is left out.
-- grain: scope_number
-- scope_number: place of the scope in this table, from 0
-- scope: `all`, `source:…` or `category:…`
-- papers: dated papers of the scope
WITH counted AS (
    SELECT scope, sum(papers_total)::BIGINT AS papers
    FROM mart.scope_periods
    WHERE unit = 'month'
    GROUP BY scope
)

SELECT
    row_number() OVER (ORDER BY scope <> 'all', scope) - 1 AS scope_number,
    scope,
    papers
FROM counted
WHERE scope NOT LIKE 'source:%' OR papers < (SELECT max(papers) FROM counted)
ORDER BY scope_number
