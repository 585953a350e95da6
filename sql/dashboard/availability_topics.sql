-- Papers that name their code in the last twelve months of the data: all, each category, the hundred largest keywords.
-- grain: place
-- place: `all` first, then categories, keywords and sources, each by papers
-- topic: `all`, a category, a keyword or `source:…`
-- kind: all, category, keyword or source
-- papers: papers first published in those months
-- linked: papers with a repository link
-- promised: papers that promise code and have no link
-- rate: linked / papers
-- rate_low: lower bound of the 95 % Wilson interval
-- rate_high: upper bound of the 95 % Wilson interval
WITH latest AS (
    SELECT max(period) - INTERVAL 11 MONTH AS since
    FROM mart.code_availability
    WHERE topic = 'all'
),

kinds AS (
    SELECT DISTINCT primary_category AS topic, 'category' AS kind
    FROM core.papers
    WHERE primary_category IS NOT NULL
),

counted AS (
    SELECT
        figures.topic,
        CASE
            WHEN figures.topic = 'all' THEN 'all'
            WHEN starts_with(figures.topic, 'source:') THEN 'source'
            ELSE coalesce(any_value(kinds.kind), 'keyword')
        END AS kind,
        sum(figures.papers)::BIGINT AS papers,
        sum(figures.linked)::BIGINT AS linked,
        sum(figures.promised)::BIGINT AS promised
    FROM mart.code_availability AS figures
    CROSS JOIN latest
    LEFT JOIN kinds USING (topic)
    WHERE figures.period >= latest.since
    GROUP BY figures.topic
),

chosen AS (
    SELECT *
    FROM counted
    QUALIFY kind <> 'keyword' OR row_number() OVER (PARTITION BY kind ORDER BY papers DESC, topic) <= 100
)

SELECT
    row_number() OVER (ORDER BY kind, papers DESC, topic) - 1 AS place,
    topic,
    kind,
    papers,
    linked,
    promised,
    linked / papers AS rate,
    wilson_low(linked, papers) AS rate_low,
    wilson_high(linked, papers) AS rate_high
FROM chosen
ORDER BY place
