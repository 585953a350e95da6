-- Repositories observed on each day, fifty at most, with the figures of their rank.
-- grain: observed_on, rank
-- observed_on: day of the observation
-- rank: 1 is first
-- repository_number: see `repositories`
-- source: what says so
-- stars: stars on that day
-- stars_gained: stars since the observation before
-- days: days since the observation before
-- stars_velocity: stars_gained / days
-- velocity_rank: place of the day by velocity
-- list_rank: place of the day in trending lists
-- is_spike: far more stars a day than is usual for it
SELECT
    trending.observed_on,
    trending.rank,
    repositories.repository_number,
    trending.source,
    trending.stars,
    trending.stars_gained,
    trending.days,
    trending.stars_velocity,
    trending.velocity_rank,
    trending.list_rank,
    trending.is_spike
FROM mart.trending_repositories AS trending
INNER JOIN page.repositories AS repositories USING (repository_url)
WHERE trending.rank <= 50
ORDER BY trending.observed_on, trending.rank
