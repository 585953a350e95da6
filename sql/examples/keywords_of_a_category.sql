-- What is a category about that others are not? Its keywords by how much larger their share is there than overall.
SELECT
    inside.keyword,
    inside.scope,
    sum(inside.papers) AS papers,
    sum(inside.papers) / sum(inside.papers_total) AS share_there,
    sum(overall.papers) / sum(overall.papers_total) AS share_overall
FROM mart.keyword_yearly AS inside
INNER JOIN mart.keyword_yearly AS overall
    ON inside.keyword = overall.keyword AND inside.period = overall.period AND overall.scope = 'all'
WHERE inside.scope = 'category:cs.LG'
GROUP BY inside.keyword, inside.scope
ORDER BY share_there / share_overall DESC, papers DESC, inside.keyword
LIMIT 20
