-- Where papers keep their code, by month of publication: hosts of the repositories that they link to.
-- grain: period, host
-- period: first day of the month of publication; undated papers count in no month
-- host: `github.com`, `gitlab.com`, …
-- papers: papers of the month with a repository at the host
-- papers_linked: papers of the month with a repository anywhere
-- share: papers / papers_linked; a paper may have repositories at several hosts
-- repositories: repositories at the host that these papers link to
-- new_repositories: of these, repositories that no paper published in an earlier month links to
-- is_partial: whether the month was not over when we looked last, see `mart.scope_periods`
WITH linked AS (
    SELECT
        links.paper_id,
        repositories.repository_url,
        repositories.host,
        date_trunc('month', papers.published_on)::DATE AS period
    FROM core.paper_links AS links
    INNER JOIN core.repositories AS repositories USING (repository_url)
    INNER JOIN core.papers AS papers USING (paper_id)
    WHERE links.kind = 'repository' AND papers.published_on IS NOT NULL
),

begun AS (
    SELECT repository_url, min(period) AS period FROM linked GROUP BY repository_url
),

totals AS (
    SELECT period, count(DISTINCT paper_id) AS papers_linked FROM linked GROUP BY period
),

counted AS (
    SELECT
        linked.period,
        linked.host,
        count(DISTINCT linked.paper_id) AS papers,
        count(DISTINCT linked.repository_url) AS repositories,
        count(DISTINCT linked.repository_url) FILTER (linked.period = begun.period) AS new_repositories
    FROM linked
    INNER JOIN begun USING (repository_url)
    GROUP BY linked.period, linked.host
)

SELECT
    counted.period,
    counted.host,
    counted.papers,
    totals.papers_linked,
    counted.papers / totals.papers_linked AS share,
    counted.repositories,
    counted.new_repositories,
    periods.is_partial
FROM counted
INNER JOIN totals USING (period)
INNER JOIN mart.scope_periods AS periods
    ON counted.period = periods.period AND periods.scope = 'all' AND periods.unit = 'month'
