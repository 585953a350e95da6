-- Repositories observed on each day, ranked by what they gain in stars and by their place in trending lists.
-- grain: observed_on, rank
-- observed_on: day of the observation
-- rank: 1 is first; by score, then velocity, then stars
-- repository_url: the name that the repository has now, see `core.repositories`
-- score: 1 / (60 + velocity_rank) + 1 / (60 + list_rank), a missing rank adding nothing: reciprocal rank fusion (Cormack 2009)
-- velocity_rank: place of the day by velocity, where that is above 0; figures of different sources are never mixed
-- list_rank: place of the day in trending lists (which rank without figures): the list of all languages, then the others by place
-- source: what the stars are from; of several the one that can tell velocity and spikes, then the longest series
-- stars: stars on that day
-- stars_gained: stars since the observation before, of the same source
-- days: days since the observation before
-- stars_velocity: stars_gained / days; null at the first observation
-- velocity_7d: stars a day over about a week, see `mart.repository_series`
-- velocity_days: days that velocity_7d goes over
-- growth_7d: relative growth a day over those days
-- usual_velocity: stars a day in the two weeks before the observation before
-- is_spike: over five times the usual within a week; such a one counts with what is usual for it; null where that is not known
-- velocity: what velocity_rank goes by: velocity_7d, else stars_velocity of a month at most; of a spike the usual
-- list_source: trending list that it stands in
-- list_position: best place in the day's trending lists
-- list_overall_position: place in the list of all languages
-- state: see `core.repositories`
-- papers: papers that link to it, under any of its names
WITH measured AS (
    SELECT *
    FROM mart.repository_series
    QUALIFY row_number() OVER (
        PARTITION BY observed_on, repository_url
        ORDER BY velocity IS NULL, velocity_7d IS NULL, is_spike IS NULL, observations DESC, source
    ) = 1
),

paced AS (
    SELECT
        *,
        CASE WHEN velocity > 0 THEN
            row_number() OVER (PARTITION BY observed_on ORDER BY velocity DESC NULLS LAST, stars DESC, repository_url)
        END AS velocity_rank
    FROM measured
),

listed AS (
    SELECT
        observed_on,
        present_url AS repository_url,
        min(source) AS list_source,
        min(position) AS list_position,
        min(overall_position) AS list_overall_position
    FROM core.repository_observations
    WHERE position IS NOT NULL AND stars IS NULL AND present_url IS NOT NULL
    GROUP BY observed_on, present_url
),

placed AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY observed_on ORDER BY list_overall_position NULLS LAST, list_position, repository_url
        ) AS list_rank
    FROM listed
),

joined AS (
    SELECT
        *,
        coalesce(1 / (60 + velocity_rank), 0) + coalesce(1 / (60 + list_rank), 0) AS score
    FROM paced
    FULL JOIN placed USING (observed_on, repository_url)
)

SELECT
    joined.observed_on,
    row_number() OVER (
        PARTITION BY joined.observed_on
        ORDER BY joined.score DESC, joined.velocity DESC NULLS LAST, joined.stars DESC NULLS LAST, joined.repository_url
    ) AS rank,
    joined.repository_url,
    joined.score,
    joined.velocity_rank,
    joined.list_rank,
    joined.source,
    joined.stars,
    joined.stars_gained,
    joined.days,
    joined.stars_velocity,
    joined.velocity_7d,
    joined.velocity_days,
    joined.growth_7d,
    joined.usual_velocity,
    joined.is_spike,
    joined.velocity,
    joined.list_source,
    joined.list_position,
    joined.list_overall_position,
    coalesce(repositories.state, 'unknown') AS state,
    coalesce(papers.papers_total, 0) AS papers
FROM joined
LEFT JOIN core.repositories AS repositories USING (repository_url)
LEFT JOIN mart.repository_papers AS papers USING (repository_url)
