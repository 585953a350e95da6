-- What is known of papers that share a title, as far as strong identifiers tell them apart.
-- table: work.nodes
-- grain: title_key, node
-- is_specific: whether the title is likely to name one paper only
-- words: words of its authors' names, from all its records, at most 500; null where none names authors
-- first_year, last_year: of its records
-- Titles that more than 100 papers share identify none.
WITH placed AS (
    SELECT
        coalesce(strong.node, affected.own_id) AS node,
        affected.title_key,
        affected.is_specific,
        affected.author_key,
        affected.year
    FROM work.affected AS affected
    LEFT JOIN work.strong AS strong USING (record_id)
),

shared AS (
    SELECT title_key, bool_and(is_specific) AS is_specific
    FROM placed
    WHERE title_key IS NOT NULL
    GROUP BY title_key
    HAVING min(node) <> max(node) AND count(DISTINCT node) <= 100
),

members AS (
    SELECT DISTINCT placed.title_key, placed.node, shared.is_specific
    FROM placed
    INNER JOIN shared USING (title_key)
),

named AS (
    SELECT
        node,
        list_sort(list_filter(
            list_distinct(string_split(string_agg(DISTINCT author_key, ' '), ' ')), lambda word: strlen(word) > 1
        ))[:500] AS words
    FROM placed
    WHERE author_key IS NOT NULL AND node IN (SELECT node FROM members)
    GROUP BY node
),

dated AS (
    SELECT node, min(year) AS first_year, max(year) AS last_year
    FROM placed
    WHERE node IN (SELECT node FROM members)
    GROUP BY node
)

SELECT
    members.title_key,
    members.node,
    members.is_specific,
    CASE WHEN len(named.words) > 0 THEN named.words END AS words,
    dated.first_year,
    dated.last_year
FROM members
INNER JOIN dated USING (node)
LEFT JOIN named USING (node)
