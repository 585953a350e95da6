-- Stars of each repository by source and day, with what was gained since: a series never mixes sources, and fills no gap.
-- grain: repository_url, source, observed_on
-- repository_url: the name that the repository has now (`core.repository_observations.present_url`)
-- source: dump format that says so
-- observed_on: day t of the observation
-- observations: observations of this series until t
-- stars: S(t), stars on that day
-- forks: forks on that day
-- stars_gained: S(t) - S(p), where p is the observation before; null at the first
-- forks_gained: the same of forks
-- days: t - p, days since the observation before
-- stars_velocity: stars_gained / days, stars a day
-- velocity_7d: (S(t) - S(b)) / (t - b), stars a day, where b is the observation nearest to t - 7, 4 to 14 days before t; else null
-- velocity_days: t - b
-- growth_7d: ((S(t) + 10) / (S(b) + 10)) ^ (1 / (t - b)) - 1, relative growth a day, smoothed by ten stars
-- usual_velocity: stars a day before p: (S(p) - S(q)) / (p - q), q nearest to p - 14, 7 to 28 days before p; else null
-- is_spike: whether stars_velocity was ten or more, and over 5 x usual_velocity, at t or within the six days before; null without usual
-- velocity: what ranks go by: velocity_7d, else stars_velocity over at most 31 days; of a spike usual_velocity if that is less
-- Growth is that of oosmetrics and a spike that of oss-pulse, over the days that were observed; docs/repositories.md.
WITH observed AS (
    SELECT
        present_url AS repository_url,
        source,
        observed_on,
        observed_on - DATE '1970-01-01' AS day,
        max(stars) AS stars,
        max(forks) AS forks
    FROM core.repository_observations
    WHERE stars IS NOT NULL AND present_url IS NOT NULL
    GROUP BY present_url, source, observed_on
),

framed AS (
    SELECT
        *,
        row_number() OVER series AS observations,
        lag(stars) OVER series AS p_stars,
        lag(forks) OVER series AS p_forks,
        lag(day) OVER series AS p_day,
        last_value(stars) OVER week_or_more AS week_stars,
        last_value(day) OVER week_or_more AS week_day,
        first_value(stars) OVER week_or_less AS days_stars,
        first_value(day) OVER week_or_less AS days_day,
        last_value(stars) OVER fortnight_or_more AS fortnight_stars,
        last_value(day) OVER fortnight_or_more AS fortnight_day,
        first_value(stars) OVER fortnight_or_less AS weeks_stars,
        first_value(day) OVER fortnight_or_less AS weeks_day
    FROM observed
    WINDOW
        series AS (PARTITION BY repository_url, source ORDER BY day),
        week_or_more AS (PARTITION BY repository_url, source ORDER BY day RANGE BETWEEN 14 PRECEDING AND 7 PRECEDING),
        week_or_less AS (PARTITION BY repository_url, source ORDER BY day RANGE BETWEEN 6 PRECEDING AND 4 PRECEDING),
        fortnight_or_more AS (PARTITION BY repository_url, source ORDER BY day RANGE BETWEEN 28 PRECEDING AND 14 PRECEDING),
        fortnight_or_less AS (PARTITION BY repository_url, source ORDER BY day RANGE BETWEEN 13 PRECEDING AND 7 PRECEDING)
),

based AS (
    SELECT
        *,
        CASE WHEN days_day IS NULL OR 7 - (day - days_day) >= (day - week_day) - 7 THEN week_stars ELSE days_stars END AS b_stars,
        CASE WHEN days_day IS NULL OR 7 - (day - days_day) >= (day - week_day) - 7 THEN week_day ELSE days_day END AS b_day,
        CASE
            WHEN weeks_day IS NULL OR 14 - (day - weeks_day) >= (day - fortnight_day) - 14
            THEN (stars - fortnight_stars) / (day - fortnight_day)
            ELSE (stars - weeks_stars) / (day - weeks_day)
        END AS fortnight_velocity
    FROM framed
),

stepped AS (
    SELECT
        *,
        (stars - p_stars) / (day - p_day) AS stars_velocity,
        lag(fortnight_velocity) OVER (PARTITION BY repository_url, source ORDER BY day) AS usual_velocity
    FROM based
),

flagged AS (
    SELECT
        *,
        CASE WHEN usual_velocity IS NOT NULL THEN stars_velocity >= 10 AND stars_velocity > 5 * greatest(usual_velocity, 0) END AS is_step
    FROM stepped
),

judged AS (
    SELECT
        *,
        bool_or(is_step) OVER week AS is_spike,
        min(CASE WHEN is_step THEN usual_velocity END) OVER week AS before_spike
    FROM flagged
    WINDOW week AS (PARTITION BY repository_url, source ORDER BY day RANGE BETWEEN 6 PRECEDING AND CURRENT ROW)
),

measured AS (
    SELECT *, CASE WHEN b_day IS NOT NULL THEN (stars - b_stars) / (day - b_day) END AS velocity_7d
    FROM judged
)

SELECT
    repository_url,
    source,
    observed_on,
    observations,
    stars,
    forks,
    stars - p_stars AS stars_gained,
    forks - p_forks AS forks_gained,
    day - p_day AS days,
    stars_velocity,
    velocity_7d,
    day - b_day AS velocity_days,
    CASE WHEN b_day IS NOT NULL THEN round(((stars + 10) / (b_stars + 10)) ^ (1 / (day - b_day)) - 1, 9) END AS growth_7d,
    usual_velocity,
    is_spike,
    CASE
        WHEN is_spike THEN least(coalesce(velocity_7d, stars_velocity), before_spike)
        ELSE coalesce(velocity_7d, CASE WHEN day - p_day <= 31 THEN stars_velocity END)
    END AS velocity
FROM measured
