-- How did themes go from year to year: which continue, which are new, and where do they stand?
SELECT
    year(period) AS year,
    theme,
    papers,
    quadrant,
    CASE WHEN previous_theme IS NULL THEN 'new' WHEN previous_theme = theme THEN 'goes on' ELSE 'from ' || previous_theme END AS origin,
    stability,
    array_to_string(keywords[:8], ', ') AS keywords
FROM mart.keyword_themes
ORDER BY period, papers DESC, theme
