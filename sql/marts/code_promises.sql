-- Promises of code, and whether a link came.
-- grain: paper_id
-- paper_id: the paper
-- promised_on: first day on which a record promised code
-- kept_on: first day on which a repository link was seen, not before the promise; a repository that the text merely uses or
-- compares with keeps none; null while it is open
-- days_to_code: days from the promise to the link
-- repository_url: the repository that keeps it
WITH kept AS (
    SELECT
        statements.paper_id,
        min(greatest(links.first_observed_on, statements.promised_on)) AS kept_on,
        arg_min(links.repository_url, (links.first_observed_on, links.repository_url)) AS repository_url
    FROM core.code_statements AS statements
    INNER JOIN core.paper_links AS links USING (paper_id)
    WHERE
        links.kind = 'repository' AND links.last_observed_on >= statements.promised_on
        AND NOT (links.is_official IS false AND links.evidence_kind IN ('abstract_sentence', 'abstract_url', 'comment'))
    GROUP BY statements.paper_id
)

SELECT
    statements.paper_id,
    statements.promised_on,
    kept.kept_on,
    kept.kept_on - statements.promised_on AS days_to_code,
    kept.repository_url
FROM core.code_statements AS statements
LEFT JOIN kept USING (paper_id)
WHERE statements.promised_on IS NOT NULL
