-- What became of the repositories that papers link to, by the month in which the first paper with the link was published.
-- grain: period, host
-- period: first day of the month of publication of the first paper that links to the repository; undated papers count in none
-- host: `all`, `github.com`, `gitlab.com`, …
-- repositories: repositories first linked in the month = ok + renamed + archived + empty + gone + squatted + unknown
-- ok: there under this name when last heard of
-- renamed: there under another name, to which the link leads
-- archived: there and read-only
-- empty: there and without content
-- gone: not there for outsiders, under this name or the one that the link leads to
-- squatted: the name leads to another repository
-- unknown: nobody was asked, or the answer does not tell
-- known_share: 1 - unknown / repositories
-- asked: repositories whose state is a host's answer to a question for this very name, which could have been that it is gone
-- asked_alive: of these, ok, renamed or archived
-- alive_share: asked_alive / asked; lists of repositories that are there say nothing of those that are not, and do not count
-- alive_low: lower bound of the 95 % Wilson interval of alive_share
-- alive_high: upper bound of the 95 % Wilson interval of alive_share
-- state_from: day of the oldest record that one of these states follows from
-- state_until: day of the latest such record
-- No survival curve: it needs every link to be asked for again and again, where most states are a single look.
WITH begun AS (
    SELECT links.repository_url, date_trunc('month', min(papers.published_on))::DATE AS period
    FROM core.paper_links AS links
    INNER JOIN core.papers AS papers USING (paper_id)
    WHERE links.kind = 'repository'
    GROUP BY links.repository_url
    HAVING min(papers.published_on) IS NOT NULL
),

judged AS (
    SELECT
        begun.period,
        repositories.host,
        repositories.state_on,
        repositories.state_source IN ('resolved', 'github_repositories') AND repositories.state <> 'unknown' AS is_asked,
        CASE
            WHEN repositories.state = 'renamed' AND present.state IN ('gone', 'empty') THEN present.state
            ELSE repositories.state
        END AS state
    FROM begun
    INNER JOIN core.repositories AS repositories USING (repository_url)
    LEFT JOIN core.repositories AS present ON repositories.renamed_to = present.repository_url
),

counted AS (
    SELECT
        period,
        coalesce(host, 'all') AS host,
        count(*) AS repositories,
        count(*) FILTER (state = 'ok') AS ok,
        count(*) FILTER (state = 'renamed') AS renamed,
        count(*) FILTER (state = 'archived') AS archived,
        count(*) FILTER (state = 'empty') AS empty,
        count(*) FILTER (state = 'gone') AS gone,
        count(*) FILTER (state = 'squatted') AS squatted,
        count(*) FILTER (state = 'unknown') AS unknown,
        count(*) FILTER (is_asked) AS asked,
        count(*) FILTER (is_asked AND state IN ('ok', 'renamed', 'archived')) AS asked_alive,
        min(state_on) AS state_from,
        max(state_on) AS state_until
    FROM judged
    GROUP BY GROUPING SETS ((period), (period, host))
)

SELECT
    period,
    host,
    repositories,
    ok,
    renamed,
    archived,
    empty,
    gone,
    squatted,
    unknown,
    1 - unknown / repositories AS known_share,
    asked,
    asked_alive,
    CASE WHEN asked > 0 THEN asked_alive / asked END AS alive_share,
    wilson_low(asked_alive, asked) AS alive_low,
    wilson_high(asked_alive, asked) AS alive_high,
    state_from,
    state_until
FROM counted
