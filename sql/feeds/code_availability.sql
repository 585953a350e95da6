-- How many papers name their code, by month. What a paper does not say is unknown, not a no.
-- grain: period
-- formats: parquet, csv, json, json_schema, vega_lite
-- chart: period, rate, , rate_low, rate_high
-- period: first day of the month
-- papers: papers first published in the month
-- linked: papers with a repository link
-- promised: papers that promise code and have no link
-- unknown: papers that say neither
-- rate: linked / papers
-- rate_low: lower bound of the 95 % Wilson interval
-- rate_high: upper bound of the 95 % Wilson interval
-- is_partial: whether the month was not over when we looked last
SELECT
    availability.period,
    availability.papers,
    availability.linked,
    availability.promised,
    availability.unknown,
    availability.rate,
    availability.rate_low,
    availability.rate_high,
    periods.is_partial
FROM mart.code_availability AS availability
INNER JOIN mart.scope_periods AS periods ON periods.scope = 'all' AND periods.unit = 'month' AND availability.period = periods.period
WHERE availability.topic = 'all'
ORDER BY availability.period
