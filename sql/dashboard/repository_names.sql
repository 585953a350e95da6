-- Numbers of repositories.
-- grain: repository_url, repository_number
-- repository_url: canonical URL
-- repository_number: see `repositories`
SELECT repository_url, repository_number
FROM page.repositories
ORDER BY repository_url, repository_number
