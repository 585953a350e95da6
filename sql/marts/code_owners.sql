-- Whose repositories papers link to, by year of publication, for owners to whom at least three dated papers link.
-- grain: period, host, owner
-- period: first day of the year of publication; undated papers count in no year
-- host: `github.com`, `gitlab.com`, …
-- owner: account or group that has the repository now, in the spelling of most repositories; hosts do not tell cases apart
-- rank: place among the owners of the year at all hosts, by papers
-- papers: papers of the year that link to a repository of the owner
-- official: of these, papers that call one their own, as far as texts say
-- repositories: repositories of the owner that these papers link to
-- papers_total: papers of all years
-- is_partial: whether the year was not over when we looked last, see `mart.scope_periods`
WITH linked AS (
    SELECT
        links.paper_id,
        links.is_official,
        present.repository_url,
        present.host,
        present.owner,
        lower(present.owner) AS owner_key,
        date_trunc('year', papers.published_on)::DATE AS period
    FROM core.paper_links AS links
    INNER JOIN core.repositories AS repositories USING (repository_url)
    INNER JOIN core.repositories AS present
        ON coalesce(repositories.present_url, repositories.repository_url) = present.repository_url
    INNER JOIN core.papers AS papers USING (paper_id)
    WHERE links.kind = 'repository' AND papers.published_on IS NOT NULL AND present.owner IS NOT NULL
),

spelled AS (
    SELECT host, owner_key, owner
    FROM (SELECT host, owner_key, owner, count(DISTINCT repository_url) AS repositories FROM linked GROUP BY ALL)
    QUALIFY row_number() OVER (PARTITION BY host, owner_key ORDER BY repositories DESC, owner) = 1
),

totals AS (
    SELECT host, owner_key, count(DISTINCT paper_id) AS papers_total
    FROM linked
    GROUP BY host, owner_key
    HAVING count(DISTINCT paper_id) >= 3
),

counted AS (
    SELECT
        period,
        host,
        owner_key,
        count(DISTINCT paper_id) AS papers,
        count(DISTINCT paper_id) FILTER (is_official) AS official,
        count(DISTINCT repository_url) AS repositories
    FROM linked
    GROUP BY period, host, owner_key
)

SELECT
    counted.period,
    counted.host,
    spelled.owner,
    row_number() OVER (
        PARTITION BY counted.period
        ORDER BY counted.papers DESC, totals.papers_total DESC, counted.host, counted.owner_key
    ) AS rank,
    counted.papers,
    counted.official,
    counted.repositories,
    totals.papers_total,
    periods.is_partial
FROM counted
INNER JOIN totals USING (host, owner_key)
INNER JOIN spelled USING (host, owner_key)
INNER JOIN mart.scope_periods AS periods
    ON counted.period = periods.period AND periods.scope = 'all' AND periods.unit = 'year'
