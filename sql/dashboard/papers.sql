-- Papers, newest first, with where their code is.
-- grain: paper_number
-- paper_number: place of the paper in this table, from 0
-- paper_id: best identifier
-- title: title on one line
-- author: the first author
-- authors: number of authors
-- published_on: day of the first version
-- scopes: scopes that it counts in beside `all`, see `scopes`
-- repository_url: the likeliest of its repositories
-- statement: what it says about code: linked, promised, on_request, claimed_without_link or none
WITH code AS (
    SELECT
        paper_id,
        arg_min(repository_url, (NOT coalesce(is_official, false), -confidence, repository_url)) AS repository_url
    FROM core.paper_links
    WHERE kind = 'repository'
    GROUP BY paper_id
),

places AS (
    SELECT paper_id, 'category:' || primary_category AS scope
    FROM core.papers
    WHERE primary_category IS NOT NULL
    UNION ALL
    SELECT DISTINCT paper_id, 'source:' || source AS scope
    FROM core.paper_observations
),

counted_in AS (
    SELECT places.paper_id, list(scopes.scope_number ORDER BY scopes.scope_number) AS scopes
    FROM places
    INNER JOIN page.scopes AS scopes USING (scope)
    GROUP BY places.paper_id
)

SELECT
    numbers.paper_number,
    papers.paper_id,
    papers.title,
    papers.authors[1] AS author,
    coalesce(len(papers.authors), 0) AS authors,
    numbers.published_on,
    counted_in.scopes,
    code.repository_url,
    statements.statement
FROM core.papers AS papers
INNER JOIN aside.paper_numbers AS numbers USING (paper_id)
INNER JOIN core.code_statements AS statements USING (paper_id)
LEFT JOIN code USING (paper_id)
LEFT JOIN counted_in USING (paper_id)
ORDER BY numbers.paper_number
