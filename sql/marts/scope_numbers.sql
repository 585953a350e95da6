-- A number for each scope, in alphabetical order.
-- table: work.scope_numbers
-- grain: scope
SELECT scope, row_number() OVER (ORDER BY scope)::INTEGER AS scope_number
FROM (SELECT DISTINCT scope FROM mart.paper_scopes)
