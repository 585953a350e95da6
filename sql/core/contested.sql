-- Identifiers of touched papers that lead to several which they would have joined. A title whose authors differ would not.
-- table: work.contested
-- grain: identifier, paper_id
-- rows: touched
WITH shared AS (
    SELECT alias, paper_id
    FROM work.aliases
    QUALIFY count(*) OVER (PARTITION BY alias) > 1
),

named AS (
    SELECT paper_id, list_filter(list_distinct(string_split(string_agg(DISTINCT author_key, ' '), ' ')), lambda word: strlen(word) > 1) AS words
    FROM work.records
    WHERE author_key IS NOT NULL AND paper_id IN (SELECT paper_id FROM shared)
    GROUP BY paper_id
),

described AS (
    SELECT shared.alias, shared.paper_id, named.words
    FROM shared
    LEFT JOIN named USING (paper_id)
)

SELECT DISTINCT one.alias AS identifier, one.paper_id
FROM described AS one
INNER JOIN described AS other ON one.alias = other.alias AND one.paper_id <> other.paper_id
WHERE one.alias NOT LIKE 'title:%' OR coalesce(agree(one.words, other.words), true)
