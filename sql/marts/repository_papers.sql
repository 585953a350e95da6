-- Repositories with the papers that name them and their latest stars.
-- grain: repository_url
-- repository_url: see `core.repositories`
-- papers: papers that link to it
-- first_paper_on: first day on which a paper was seen to link to it
-- last_paper_on: last day on which a paper was seen to link to it
-- stars: stars at the latest observation
-- stars_velocity: stars a day between the first and the latest observation of one source, from two observations on
-- state: ok, renamed, archived, empty, gone, squatted or unknown
WITH linked AS (
    SELECT
        repository_url,
        count(*) AS papers,
        min(first_observed_on) AS first_paper_on,
        max(last_observed_on) AS last_paper_on
    FROM core.paper_links
    WHERE kind = 'repository'
    GROUP BY repository_url
),

by_source AS (
    SELECT
        repository_url,
        source,
        max(observed_on) AS observed_on,
        arg_max(stars, observed_on) AS stars,
        arg_max(stars, observed_on) - arg_min(stars, observed_on) AS gained,
        max(observed_on) - min(observed_on) AS days
    FROM core.repository_observations
    WHERE stars IS NOT NULL
    GROUP BY repository_url, source
),

latest AS (
    SELECT repository_url, stars, CASE WHEN days > 0 THEN gained / days END AS stars_velocity
    FROM by_source
    QUALIFY row_number() OVER (PARTITION BY repository_url ORDER BY observed_on DESC, days DESC, source) = 1
)

SELECT
    repositories.repository_url,
    coalesce(linked.papers, 0) AS papers,
    linked.first_paper_on,
    linked.last_paper_on,
    latest.stars,
    latest.stars_velocity,
    repositories.state
FROM core.repositories AS repositories
LEFT JOIN linked USING (repository_url)
LEFT JOIN latest USING (repository_url)
