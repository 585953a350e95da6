-- Keywords that rise over all papers or within a category: the test says so at 5 %, and the growth is above 0.
-- grain: keyword, scope
-- keyword: see `core.keywords`
-- scope: `all` or `category:…`
-- papers: dated papers of the scope with the keyword
-- growth: see `mart.keyword_trends`
-- q_value: Mann-Kendall test after Benjamini-Hochberg
-- burst_start: first month of the heaviest burst
-- emergence: see `mart.keyword_trends`
SELECT keyword, scope, papers, growth, q_value, burst_start, emergence
FROM mart.keyword_trends
WHERE trend_status = 'ok' AND q_value <= 0.05 AND growth > 0 AND (scope = 'all' OR scope LIKE 'category:%')
