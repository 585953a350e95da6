-- Papers that link to each repository.
-- grain: repository_number, paper_number
-- repository_number: see `repositories`
-- paper_number: see `papers`
SELECT DISTINCT repositories.repository_number, numbers.paper_number
FROM core.paper_links AS links
INNER JOIN page.repositories AS repositories USING (repository_url)
INNER JOIN aside.paper_numbers AS numbers USING (paper_id)
WHERE links.kind = 'repository'
ORDER BY repositories.repository_number, numbers.paper_number
