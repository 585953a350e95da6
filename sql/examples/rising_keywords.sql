-- Which keywords rise, surest first? `emergence` weighs how much by how sure; where history is short it is null.
SELECT keyword, papers, trend_status, growth, q_value, burst_start, emergence
FROM mart.keyword_trends
WHERE scope = 'all' AND growth > 0
ORDER BY emergence DESC NULLS LAST, keyword
LIMIT 20
