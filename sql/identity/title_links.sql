-- Pairs of papers that a title says are one: its authors or abstracts agree, or authors are not named and nobody else has it.
-- table: work.title_links
-- grain: one, other, evidence
-- evidence: what says so beside the title
-- The years of a specific title lie within four of each other, those of another one or of unnamed authors within one.
WITH fitting AS (
    SELECT
        one.title_key,
        one.node AS one,
        other.node AS other,
        years_apart(one.first_year, one.last_year, other.first_year, other.last_year) AS years
    FROM work.nodes AS one
    INNER JOIN work.nodes AS other ON one.title_key = other.title_key AND one.node < other.node
    WHERE agree(one.words, other.words)
        AND coalesce(years_apart(one.first_year, one.last_year, other.first_year, other.last_year), 0)
        <= CASE WHEN one.is_specific THEN 4 ELSE 1 END
),

-- What fits several arXiv papers of one title belongs to the one of its year, if that is one.
chosen AS (
    SELECT title_key, other AS node, any_value(one) FILTER (years = 0) AS paper
    FROM fitting
    WHERE one LIKE 'arxiv:%' AND other NOT LIKE 'arxiv:%'
    GROUP BY title_key, other
    HAVING count(*) > 1 AND count(*) FILTER (years = 0) = 1
),

agreeing AS (
    SELECT fitting.title_key, fitting.one, fitting.other
    FROM fitting
    LEFT JOIN chosen AS for_one ON fitting.title_key = for_one.title_key AND fitting.one = for_one.node
    LEFT JOIN chosen AS for_other ON fitting.title_key = for_other.title_key AND fitting.other = for_other.node
    WHERE NOT (fitting.one LIKE 'arxiv:%' AND fitting.other LIKE 'arxiv:%')
        AND for_one.node IS NULL
        AND (for_other.node IS NULL OR for_other.paper = fitting.one)
),

-- The first of those with authors, and of those without, stands for all of them.
firsts AS (
    SELECT
        title_key,
        min(node) FILTER (words IS NOT NULL) AS first_named,
        min(node) AS first_node,
        count(*) FILTER (words IS NOT NULL) AS named
    FROM work.nodes
    WHERE is_specific
    GROUP BY title_key
),

known AS (
    SELECT firsts.title_key, coalesce(firsts.first_named, firsts.first_node) AS node
    FROM firsts
    LEFT JOIN agreeing ON firsts.title_key = agreeing.title_key AND firsts.first_named = agreeing.one
    GROUP BY ALL
    HAVING count(agreeing.other) >= any_value(firsts.named) - 1
),

unnamed AS (
    SELECT known.node AS one, nodes.node AS other
    FROM known
    INNER JOIN work.nodes AS named ON known.title_key = named.title_key AND known.node = named.node
    INNER JOIN work.nodes AS nodes ON known.title_key = nodes.title_key AND known.node <> nodes.node AND nodes.words IS NULL
    WHERE coalesce(years_apart(named.first_year, named.last_year, nodes.first_year, nodes.last_year), 0) <= 1
)

SELECT one, other, 'title_and_authors' AS evidence FROM agreeing
UNION
SELECT one, other, 'title' AS evidence FROM unnamed
UNION
SELECT one.node AS one, other.node AS other, 'title_and_abstract' AS evidence
FROM work.abstracts AS one
INNER JOIN work.abstracts AS other
    ON one.title_key = other.title_key AND one.abstract_key = other.abstract_key AND one.node < other.node
WHERE NOT (one.node LIKE 'arxiv:%' AND other.node LIKE 'arxiv:%')
