-- Expectations of Great Expectations, and in how many batches each held.
-- grain: table_name, expectation
-- table_name: staged table
-- expectation: type and columns
-- severity: critical, warning or info
-- batches: batches that were held against it
-- missed: batches in which it did not hold
-- observed: what was observed in one of those
SELECT
    "table" AS table_name,
    expectation,
    min(severity) AS severity,
    count(*) AS batches,
    count(*) FILTER (NOT is_met) AS missed,
    min(observed) FILTER (NOT is_met) AS observed
FROM ops.validations
GROUP BY "table", expectation
ORDER BY table_name, expectation
