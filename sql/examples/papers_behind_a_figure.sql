-- Which papers stand behind a keyword's figure of a month, and where is each one's code? `etl trace` leads on to bytes.
WITH figure AS (
    SELECT keyword, period
    FROM mart.keyword_monthly
    WHERE scope = 'all'
    ORDER BY papers DESC, keyword, period
    LIMIT 1
)

SELECT
    figure.keyword,
    papers.published_on,
    papers.paper_id,
    papers.title,
    list(DISTINCT links.repository_url ORDER BY links.repository_url) FILTER (links.repository_url IS NOT NULL) AS code
FROM figure
INNER JOIN core.paper_keywords AS keywords USING (keyword)
INNER JOIN core.papers AS papers ON keywords.paper_id = papers.paper_id AND date_trunc('month', papers.published_on) = figure.period
LEFT JOIN core.paper_links AS links ON papers.paper_id = links.paper_id AND links.kind = 'repository'
GROUP BY ALL
ORDER BY papers.published_on, papers.paper_id
