-- How many papers name their code, by month and topic. What a paper does not say is unknown, not a no.
-- grain: period, topic
-- period: first day of the month
-- topic: `all`, a category, or a keyword of at least twenty papers
-- papers: papers first published in the month
-- linked: papers with a repository link
-- promised: papers that promise code and have no link
-- unknown: papers that say neither
-- rate: linked / papers
-- rate_low: lower bound of the 95 % Wilson interval
-- rate_high: upper bound of the 95 % Wilson interval
WITH topics AS (
    SELECT paper_id, 'all' AS topic FROM core.papers
    UNION
    SELECT paper_id, primary_category AS topic FROM core.papers WHERE primary_category IS NOT NULL
    UNION
    SELECT paper_id, keyword AS topic
    FROM core.paper_keywords
    INNER JOIN core.keywords AS keywords USING (keyword)
    WHERE keywords.papers >= 20
),

counted AS (
    SELECT
        date_trunc('month', papers.published_on)::DATE AS period,
        topics.topic,
        count(*) AS papers,
        count(*) FILTER (statements.statement = 'linked') AS linked,
        count(*) FILTER (statements.statement = 'promised') AS promised
    FROM topics
    INNER JOIN core.papers AS papers USING (paper_id)
    INNER JOIN core.code_statements AS statements USING (paper_id)
    WHERE papers.published_on IS NOT NULL
    GROUP BY ALL
)

SELECT
    period,
    topic,
    papers,
    linked,
    promised,
    papers - linked - promised AS unknown,
    linked / papers AS rate,
    wilson_low(linked, papers) AS rate_low,
    wilson_high(linked, papers) AS rate_high
FROM counted
