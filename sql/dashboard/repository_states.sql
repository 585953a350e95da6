-- Repositories by state.
-- grain: state
-- state: ok, renamed, archived, empty, gone, squatted or unknown
-- repositories: how many there are
-- linked: how many of them a paper links to
SELECT
    state,
    count(*) AS repositories,
    count(*) FILTER (papers > 0) AS linked
FROM page.repositories
GROUP BY state
ORDER BY state
