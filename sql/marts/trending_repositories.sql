-- Repositories observed on each day, ranked by stars a day since the observation before, then by stars.
-- grain: observed_on, rank
-- observed_on: day of the observation
-- rank: 1 is first
-- repository_url: see `core.repositories`
-- source: what says so; figures of different sources are never mixed
-- stars: stars on that day
-- stars_gained: stars since the observation before, of the same source
-- days: days since the observation before
-- stars_velocity: stars_gained / days, the first figure of the rank; null at the first observation
WITH steps AS (
    SELECT
        repository_url,
        source,
        observed_on,
        stars,
        stars - lag(stars) OVER before AS stars_gained,
        observed_on - lag(observed_on) OVER before AS days
    FROM core.repository_observations
    WHERE stars IS NOT NULL
    WINDOW before AS (PARTITION BY repository_url, source ORDER BY observed_on)
),

best AS (
    SELECT *, CASE WHEN days > 0 THEN stars_gained / days END AS stars_velocity
    FROM steps
    QUALIFY row_number() OVER (
        PARTITION BY observed_on, repository_url
        ORDER BY CASE WHEN days > 0 THEN stars_gained / days END DESC NULLS LAST, stars DESC, source
    ) = 1
)

SELECT
    observed_on,
    row_number() OVER (PARTITION BY observed_on ORDER BY stars_velocity DESC NULLS LAST, stars DESC, repository_url) AS rank,
    repository_url,
    source,
    stars,
    stars_gained,
    days,
    stars_velocity
FROM best
