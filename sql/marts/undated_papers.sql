-- Papers that count in no period, by scope: those without a day of publication, and those of a day that cannot be.
-- grain: scope, reason
-- scope: `all`, `source:…` or `category:…`
-- reason: `no_date` where no record tells a day from 1900 on, `in_future` where the day that is told lies more than one day after the last observation
-- papers: papers of the scope that are counted here and in no week, month or year
-- papers_total: papers of the scope, dated or not
-- share: papers / papers_total
WITH counted AS (
    SELECT
        scopes.scope,
        count(*) FILTER (papers.published_on IS NULL AND papers.stated_on IS NULL) AS no_date,
        count(*) FILTER (papers.stated_on IS NOT NULL) AS in_future,
        count(*) AS papers_total
    FROM mart.paper_scopes AS scopes
    INNER JOIN core.papers AS papers USING (paper_id)
    GROUP BY scopes.scope
),

by_reason AS (
    SELECT scope, 'no_date' AS reason, no_date AS papers, papers_total FROM counted
    UNION ALL
    SELECT scope, 'in_future' AS reason, in_future AS papers, papers_total FROM counted
)

SELECT scope, reason, papers, papers_total, papers / papers_total AS share
FROM by_reason
WHERE papers > 0
