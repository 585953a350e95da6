-- Code repositories, those of most papers first.
-- grain: repository_number
-- repository_number: place of the repository in this table, from 0
-- repository_url: canonical URL
-- papers: papers that link to it
-- first_paper_on: first day on which a paper was seen to link to it
-- stars: stars at the latest observation
-- stars_velocity: stars a day between the first and the latest observation
-- state: ok, renamed, archived, empty, gone, squatted or unknown
-- renamed_to: canonical URL after a rename
SELECT
    row_number() OVER (
        ORDER BY coalesce(figures.papers, 0) DESC, figures.stars DESC NULLS LAST, repositories.repository_url
    ) - 1 AS repository_number,
    repositories.repository_url,
    coalesce(figures.papers, 0) AS papers,
    figures.first_paper_on,
    figures.stars,
    figures.stars_velocity,
    repositories.state,
    repositories.renamed_to
FROM core.repositories AS repositories
LEFT JOIN mart.repository_papers AS figures USING (repository_url)
ORDER BY repository_number
