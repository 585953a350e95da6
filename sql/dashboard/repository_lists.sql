-- Repositories of papers that rise, and those that moved or are gone; two hundred of each at most.
-- grain: list, place
-- list: rising, moved or gone
-- place: rising by stars a day, the others by papers
-- repository_number: see `repositories`
WITH listed AS (
    SELECT
        CASE
            WHEN state = 'renamed' THEN 'moved'
            WHEN state IN ('gone', 'archived', 'empty', 'squatted') THEN 'gone'
            WHEN stars_velocity > 0 AND papers > 0 THEN 'rising'
        END AS list,
        repository_number,
        stars_velocity
    FROM page.repositories
)

SELECT
    list,
    row_number() OVER (
        PARTITION BY list
        ORDER BY CASE WHEN list = 'rising' THEN stars_velocity END DESC NULLS LAST, repository_number
    ) AS place,
    repository_number
FROM listed
WHERE list IS NOT NULL
QUALIFY place <= 200
ORDER BY list, place
