-- Repositories that papers name and that gain stars, were archived, moved or are gone, the latest change first: a hundred at most.
-- grain: repository_url, event
-- formats: atom, json_feed, parquet, csv, json, json_schema
-- feed_title: Repositories that rise, move or die
-- entry_id: lasting name of the entry
-- repository_url: see `core.repositories`
-- event: rises, archived, renamed, empty, gone or squatted
-- title: owner, name and what happened
-- url: the repository
-- reason: what was observed
-- evidence: the sentence with which a paper names it
-- summary: none
-- authors: none
-- keywords: what happened
-- related_titles: five papers that name it at most
-- related_urls: where to read them
-- papers: papers that name it
-- stars: stars when that was observed; null where the host said none
-- entered_on: day on which it was observed
-- changed_on: the same
WITH named AS (
    SELECT repository_url, papers
    FROM mart.repository_papers
    WHERE papers > 0
),

rising AS (
    SELECT trending.repository_url, 'rises' AS event, trending.observed_on, trending.stars, trending.stars_gained, trending.days, trending.stars_velocity
    FROM mart.trending_repositories AS trending
    INNER JOIN named USING (repository_url)
    WHERE trending.stars_gained > 0
    QUALIFY
        row_number() OVER (PARTITION BY trending.repository_url ORDER BY trending.observed_on DESC, trending.rank) = 1
        AND trending.observed_on > max(trending.observed_on) OVER () - 14
),

fastest AS (
    SELECT *
    FROM rising
    ORDER BY stars_velocity DESC, repository_url
    LIMIT 50
),

-- A host says nothing of stars where there is nothing any more: the change lies after the last figures of a repository that
-- was well. What was never seen well was so from the first day.
seen AS (
    SELECT
        repositories.repository_url,
        repositories.state AS event,
        max(observations.observed_on) FILTER (
            observations.stars IS NOT NULL AND observations.is_archived IS DISTINCT FROM true AND repositories.state <> 'empty'
        ) AS well_on
    FROM core.repositories AS repositories
    INNER JOIN named USING (repository_url)
    INNER JOIN core.repository_observations AS observations USING (repository_url)
    WHERE repositories.state IN ('archived', 'renamed', 'empty', 'gone', 'squatted')
    GROUP BY repositories.repository_url, repositories.state
),

changed AS (
    SELECT
        seen.repository_url,
        seen.event,
        coalesce(
            min(observations.observed_on) FILTER (seen.well_on IS NULL OR observations.observed_on > seen.well_on),
            max(observations.observed_on)
        ) AS observed_on,
        arg_max(observations.stars, observations.observed_on) FILTER (observations.stars IS NOT NULL) AS stars
    FROM seen
    INNER JOIN core.repository_observations AS observations USING (repository_url)
    GROUP BY seen.repository_url, seen.event
),

events AS (
    SELECT repository_url, event, observed_on, stars, stars_gained, days FROM fastest
    UNION ALL
    SELECT repository_url, event, observed_on, stars, NULL AS stars_gained, NULL AS days FROM changed
),

latest AS (
    SELECT events.*, repositories.owner || '/' || repositories.name AS label, repositories.renamed_to, named.papers
    FROM events
    INNER JOIN core.repositories AS repositories USING (repository_url)
    INNER JOIN named USING (repository_url)
    ORDER BY events.observed_on DESC, events.event, events.stars_gained / events.days DESC NULLS LAST, events.repository_url
    LIMIT 100
),

naming AS (
    SELECT latest.repository_url, latest.event, papers.paper_id, papers.title, paper_url(papers.arxiv_id, papers.doi) AS url, links.evidence
    FROM latest
    INNER JOIN core.paper_links AS links ON latest.repository_url = links.repository_url AND links.kind = 'repository'
    INNER JOIN core.papers AS papers ON links.paper_id = papers.paper_id
    QUALIFY row_number() OVER (
        PARTITION BY latest.repository_url, latest.event
        ORDER BY NOT coalesce(links.is_official, false), links.confidence DESC, papers.paper_id
    ) <= 5
),

related AS (
    SELECT
        repository_url,
        event,
        list(title ORDER BY paper_id) AS titles,
        list(url ORDER BY paper_id) AS urls,
        arg_min(evidence, paper_id) AS evidence
    FROM naming
    GROUP BY repository_url, event
)

SELECT
    'repository/' || repository_key(latest.repository_url) || '/' || latest.event AS entry_id,
    latest.repository_url,
    latest.event,
    CASE latest.event
        WHEN 'rises' THEN latest.label || ' gains ' || latest.stars_gained || ' stars in ' || latest.days || CASE latest.days WHEN 1 THEN ' day' ELSE ' days' END
        WHEN 'archived' THEN latest.label || ' was archived'
        WHEN 'renamed' THEN latest.label || ' moved' || coalesce(' to ' || regexp_extract(latest.renamed_to, '([^/]+/[^/]+)$', 1), '')
        WHEN 'empty' THEN latest.label || ' is empty'
        WHEN 'squatted' THEN latest.label || ' belongs to somebody else now'
        ELSE latest.label || ' is gone'
    END AS title,
    CASE WHEN latest.event = 'renamed' THEN coalesce(latest.renamed_to, latest.repository_url) ELSE latest.repository_url END AS url,
    'Observed on ' || latest.observed_on || coalesce(CASE WHEN latest.event = 'rises' THEN ': ' ELSE '; it had ' END || latest.stars || ' stars', '')
    || '; ' || latest.papers || CASE latest.papers WHEN 1 THEN ' paper names it' ELSE ' papers name it' END AS reason,
    related.evidence,
    NULL::VARCHAR AS summary,
    NULL::VARCHAR[] AS authors,
    [latest.event] AS keywords,
    related.titles AS related_titles,
    related.urls AS related_urls,
    latest.papers,
    latest.stars,
    latest.observed_on AS entered_on,
    latest.observed_on AS changed_on
FROM latest
LEFT JOIN related USING (repository_url, event)
ORDER BY latest.observed_on DESC, latest.event, latest.stars_gained / latest.days DESC NULLS LAST, latest.repository_url
