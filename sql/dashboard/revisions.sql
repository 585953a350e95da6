-- Figures that were published and differ now, the newest first, two hundred at most.
-- grain: place
-- place: place of the revision in this table, from 0
-- mart: the table
-- key: keyword, unit or topic
-- period: first day of the month
-- revised_on: last day observed when the figure changed
-- old: papers as published before
-- new: papers now
-- cause: what changed
SELECT
    row_number() OVER (ORDER BY revised_on DESC, mart, key, period) - 1 AS place,
    mart,
    key,
    period,
    revised_on,
    old,
    new,
    cause
FROM mart.trend_revisions
QUALIFY place < 200
ORDER BY place
