-- How many papers name their code, by month and topic. What a paper does not say is unknown, not a no.
-- grain: period, topic
-- period: first day of the month of publication
-- topic: `all`, a category, a keyword of at least twenty papers, or `source:…`; some sources list papers with code alone
-- papers: papers first published in the month = linked + promised + on_request + unknown
-- linked: papers with a repository link (`core.code_statements.statement`)
-- linked_in_text: of these, papers whose own abstract or comment names one: what can be compared when sources come and go
-- official: of these linked, papers with a link that is the authors' own, as far as texts say (`core.paper_links.is_official`)
-- reachable: of these linked, papers with a repository that was there when last heard of: ok, renamed or archived
-- promised: papers that promise code and have no link
-- on_request: papers that give code on request alone: the one way in which papers say no
-- unknown: all other papers; they say nothing, or name no place
-- claimed: of the unknown, papers that say that there is code and have no link that we can read
-- rate: linked / papers; as some of the unknown have code, the least that it can be
-- rate_low: lower bound of the 95 % Wilson interval of rate
-- rate_high: upper bound of the 95 % Wilson interval of rate
-- is_partial: whether the month was not over when we looked last, see `mart.scope_periods`
WITH links AS (
    SELECT
        links.paper_id,
        bool_or(links.evidence_kind IN ('abstract_sentence', 'abstract_url', 'comment')) AS is_in_text,
        bool_or(coalesce(links.is_official, false)) AS is_official,
        bool_or(coalesce(present.state, repositories.state) IN ('ok', 'renamed', 'archived')) AS is_reachable
    FROM core.paper_links AS links
    INNER JOIN core.repositories AS repositories USING (repository_url)
    LEFT JOIN core.repositories AS present
        ON repositories.state = 'renamed' AND repositories.renamed_to = present.repository_url
    WHERE links.kind = 'repository'
    GROUP BY links.paper_id
),

-- Counting goes by numbers: topics are long texts, and there are millions of rows to count.
dated AS MATERIALIZED (
    SELECT
        papers.paper_id,
        papers.primary_category,
        date_trunc('month', papers.published_on)::DATE AS period,
        statements.statement,
        statements.statement = 'linked' AND coalesce(links.is_in_text, false) AS is_in_text,
        statements.statement = 'linked' AND coalesce(links.is_official, false) AS is_official,
        statements.statement = 'linked' AND coalesce(links.is_reachable, false) AS is_reachable
    FROM core.papers AS papers
    INNER JOIN core.code_statements AS statements USING (paper_id)
    LEFT JOIN links USING (paper_id)
    WHERE papers.published_on IS NOT NULL
),

topic_numbers AS (
    SELECT topic, row_number() OVER (ORDER BY topic)::INTEGER AS topic_number
    FROM (
        SELECT scope AS topic FROM mart.paper_scopes WHERE scope NOT LIKE 'category:%'
        UNION
        SELECT primary_category AS topic FROM core.papers WHERE primary_category IS NOT NULL
        UNION
        SELECT keyword AS topic FROM core.keywords WHERE papers >= 20
    )
),

-- A keyword may be spelled as a category is: a paper counts once.
topics AS (
    SELECT scopes.paper_id, numbers.topic_number
    FROM mart.paper_scopes AS scopes
    INNER JOIN topic_numbers AS numbers ON scopes.scope = numbers.topic
    WHERE scopes.scope NOT LIKE 'category:%'
    UNION ALL
    SELECT dated.paper_id, numbers.topic_number
    FROM dated
    INNER JOIN topic_numbers AS numbers ON dated.primary_category = numbers.topic
    UNION ALL
    SELECT keywords.paper_id, numbers.topic_number
    FROM core.paper_keywords AS keywords
    INNER JOIN core.keywords AS counted ON keywords.keyword = counted.keyword AND counted.papers >= 20
    INNER JOIN topic_numbers AS numbers ON keywords.keyword = numbers.topic
    INNER JOIN dated ON keywords.paper_id = dated.paper_id
    WHERE keywords.keyword <> 'all' AND keywords.keyword IS DISTINCT FROM dated.primary_category
),

counted AS (
    SELECT
        dated.period,
        topics.topic_number,
        count(*) AS papers,
        count(*) FILTER (dated.statement = 'linked') AS linked,
        count(*) FILTER (dated.is_in_text) AS linked_in_text,
        count(*) FILTER (dated.is_official) AS official,
        count(*) FILTER (dated.is_reachable) AS reachable,
        count(*) FILTER (dated.statement = 'promised') AS promised,
        count(*) FILTER (dated.statement = 'on_request') AS on_request,
        count(*) FILTER (dated.statement = 'claimed_without_link') AS claimed
    FROM topics
    INNER JOIN dated USING (paper_id)
    GROUP BY dated.period, topics.topic_number
)

SELECT
    counted.period,
    numbers.topic,
    counted.papers,
    counted.linked,
    counted.linked_in_text,
    counted.official,
    counted.reachable,
    counted.promised,
    counted.on_request,
    counted.papers - counted.linked - counted.promised - counted.on_request AS unknown,
    counted.claimed,
    counted.linked / counted.papers AS rate,
    wilson_low(counted.linked, counted.papers) AS rate_low,
    wilson_high(counted.linked, counted.papers) AS rate_high,
    periods.is_partial
FROM counted
INNER JOIN topic_numbers AS numbers USING (topic_number)
INNER JOIN mart.scope_periods AS periods
    ON counted.period = periods.period AND periods.scope = 'all' AND periods.unit = 'month'
