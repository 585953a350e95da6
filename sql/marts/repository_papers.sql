-- Repositories, a row for each name, with the papers that link to it and its latest stars.
-- grain: repository_url
-- repository_url: see `core.repositories`
-- papers: papers that link to this name
-- papers_total: papers that link to the repository under any of its names
-- first_paper_on: first day on which a paper was seen to link to this name
-- last_paper_on: last day on which a paper was seen to link to this name
-- first_published_on: day of publication of the first paper that links to this name
-- present_url: the name that the repository has now
-- stars: stars at the latest observation, under its present name or one before
-- stars_on: day of that observation
-- stars_source: what says so; of several on one day the longest series
-- stars_velocity: stars a day of that source: over about a week (4 to 14 days), else since the observation before; null at the first
-- velocity_days: days that stars_velocity goes over
-- is_spike: see `mart.repository_series`
-- state: ok, renamed, archived, empty, gone, squatted or unknown
-- state_on: day of the latest record that the state follows from
WITH linked AS (
    SELECT
        links.repository_url,
        count(*) AS papers,
        min(links.first_observed_on) AS first_paper_on,
        max(links.last_observed_on) AS last_paper_on,
        min(papers.published_on) AS first_published_on
    FROM core.paper_links AS links
    INNER JOIN core.papers AS papers USING (paper_id)
    WHERE links.kind = 'repository'
    GROUP BY links.repository_url
),

joined AS (
    SELECT repositories.present_url, count(DISTINCT links.paper_id) AS papers_total
    FROM core.paper_links AS links
    INNER JOIN core.repositories AS repositories USING (repository_url)
    WHERE links.kind = 'repository'
    GROUP BY repositories.present_url
),

latest AS (
    SELECT *
    FROM mart.repository_series
    QUALIFY row_number() OVER (PARTITION BY repository_url ORDER BY observed_on DESC, observations DESC, source) = 1
)

SELECT
    repositories.repository_url,
    coalesce(linked.papers, 0) AS papers,
    coalesce(joined.papers_total, linked.papers, 0) AS papers_total,
    linked.first_paper_on,
    linked.last_paper_on,
    linked.first_published_on,
    repositories.present_url,
    latest.stars,
    latest.observed_on AS stars_on,
    latest.source AS stars_source,
    coalesce(latest.velocity_7d, latest.stars_velocity) AS stars_velocity,
    coalesce(latest.velocity_days, latest.days) AS velocity_days,
    latest.is_spike,
    repositories.state,
    repositories.state_on
FROM core.repositories AS repositories
LEFT JOIN linked USING (repository_url)
LEFT JOIN joined ON repositories.present_url = joined.present_url
LEFT JOIN latest ON repositories.present_url = latest.repository_url
