-- Figures that were published for a complete period and differ now: of scope `all`, at most 100,000 a mart and day, the largest changes first.
-- grain: mart, key, period, revised_on
-- mart: `keyword_weekly`, `keyword_monthly`, `keyword_yearly`, `scope_periods` or `code_availability`; other scopes and marts that follow from these have no revisions
-- key: the keyword; of `scope_periods` the unit; of `code_availability` the topic
-- period: first day of the period
-- revised_on: last day observed when the figure changed
-- old: as published before; papers, of `code_availability` those with a link; 0 where it had no row
-- new: the same now
-- cause: what holds of the papers that came into the figure or left it, joined by commas: `late_papers` (no record of them was loaded), `late_records` (a dump came, or came again, with more about known papers), `withdrawn` (a dump is withdrawn or refused), `parser` (a dump was read again, by another version of its parser or by `etl rejected replay`), `identity` (records are joined to papers in another way), `release` (none of these, but another release made the tables), `keyword_map` (none of these: variants of keywords are joined in another way), `support` (no paper moved: the keyword has too few or enough papers now)
WITH latest AS (
    SELECT max(observed_on) AS revised_on FROM core.paper_observations
),

-- The last period that was complete, by unit.
complete AS (
    SELECT unit, max(period) AS until FROM published.scope_periods GROUP BY unit
),

numbers AS MATERIALIZED (
    SELECT old.keyword, old.keyword_number AS old_number, new.keyword_number AS new_number
    FROM published.keyword_numbers AS old
    LEFT JOIN work.keyword_numbers AS new USING (keyword)
),

counts_now AS (
    SELECT numbers.old_number AS keyword_number, counts.unit, counts.period, counts.papers
    FROM work.keyword_counts AS counts
    INNER JOIN work.scope_numbers AS scope_numbers USING (scope_number)
    INNER JOIN numbers ON counts.keyword_number = numbers.new_number
    INNER JOIN complete ON counts.unit = complete.unit AND counts.period <= complete.until
    WHERE scope_numbers.scope = 'all'
),

cells AS (
    SELECT keyword_number, unit, period, coalesce(before.papers, 0) AS old, coalesce(counts_now.papers, 0) AS new
    FROM published.keyword_counts AS before
    FULL JOIN counts_now USING (keyword_number, unit, period)
    WHERE before.papers IS DISTINCT FROM counts_now.papers
),

totals AS (
    SELECT unit, period, coalesce(before.papers_total, 0) AS old, coalesce(now.papers_total, 0) AS new
    FROM published.scope_periods AS before
    FULL JOIN (
        SELECT periods.unit, periods.period, periods.papers_total
        FROM mart.scope_periods AS periods
        INNER JOIN complete ON periods.unit = complete.unit AND periods.period <= complete.until
        WHERE periods.scope = 'all'
    ) AS now USING (unit, period)
    WHERE before.papers_total IS DISTINCT FROM now.papers_total
),

codes AS (
    SELECT topic, period, coalesce(before.linked, 0) AS old, coalesce(now.linked, 0) AS new
    FROM (SELECT topic, period, linked FROM published.code_availability WHERE NOT starts_with(topic, 'source:')) AS before
    FULL JOIN (
        SELECT availability.topic, availability.period, availability.linked
        FROM mart.code_availability AS availability
        INNER JOIN complete ON complete.unit = 'month' AND availability.period <= complete.until
        WHERE availability.topic IN (SELECT topic FROM published.code_availability) AND NOT starts_with(availability.topic, 'source:')
    ) AS now USING (topic, period)
    WHERE before.linked IS DISTINCT FROM now.linked AND coalesce(before.linked, 0) <> coalesce(now.linked, 0)
),

changed AS MATERIALIZED (
    SELECT mart, key, unit, period, old, new
    FROM (
        SELECT 'keyword_' || cells.unit || 'ly' AS mart, numbers.keyword AS key, cells.unit, cells.period, cells.old, cells.new
        FROM cells
        INNER JOIN numbers ON cells.keyword_number = numbers.old_number
        UNION ALL
        SELECT 'scope_periods' AS mart, unit AS key, unit, period, old, new FROM totals
        UNION ALL
        SELECT 'code_availability' AS mart, topic AS key, 'month' AS unit, period, old, new FROM codes
    )
    QUALIFY row_number() OVER (PARTITION BY mart ORDER BY abs(new - old) DESC, key, period) <= 100000
),

changed_keys AS MATERIALIZED (
    SELECT DISTINCT CASE mart WHEN 'scope_periods' THEN 'total' WHEN 'code_availability' THEN 'code' ELSE 'keyword' END AS kind, key
    FROM changed
    WHERE mart <> 'scope_periods'
    UNION ALL
    SELECT 'total' AS kind, 'all' AS key
    WHERE EXISTS (SELECT 1 FROM changed WHERE mart = 'scope_periods')
),

-- The papers that were counted, by the names that they go by now.
papers_before AS MATERIALIZED (
    SELECT
        papers.paper_id AS old_id,
        coalesce(aliases.paper_id, papers.paper_id) AS paper_id,
        papers.primary_category,
        papers.statement,
        CASE WHEN papers.published_on BETWEEN DATE '1900-01-01' AND papers.last_observed_on + 1 THEN papers.published_on END AS published_on
    FROM published.papers AS papers
    LEFT JOIN core.paper_aliases AS aliases ON papers.paper_id = aliases.alias
    WHERE EXISTS (SELECT 1 FROM changed)
),

papers_now AS MATERIALIZED (
    SELECT scopes.paper_id, papers.primary_category, statements.statement, scopes.published_on
    FROM mart.paper_scopes AS scopes
    INNER JOIN core.papers AS papers USING (paper_id)
    LEFT JOIN core.code_statements AS statements USING (paper_id)
    WHERE scopes.scope = 'all' AND EXISTS (SELECT 1 FROM changed)
),

keywords_before AS MATERIALIZED (
    SELECT keywords.keyword, papers.paper_id, papers.statement, papers.published_on
    FROM published.paper_keywords AS keywords
    INNER JOIN (SELECT DISTINCT key AS keyword FROM changed_keys WHERE kind <> 'total') USING (keyword)
    INNER JOIN papers_before AS papers ON keywords.paper_id = papers.old_id
    WHERE papers.published_on IS NOT NULL
),

keywords_now AS MATERIALIZED (
    SELECT keywords.keyword, papers.paper_id, papers.statement, papers.published_on
    FROM core.paper_keywords AS keywords
    INNER JOIN (SELECT DISTINCT key AS keyword FROM changed_keys WHERE kind <> 'total') USING (keyword)
    INNER JOIN papers_now AS papers USING (paper_id)
    WHERE papers.published_on IS NOT NULL
),

counted_before AS (
    SELECT 'keyword' AS kind, keyword AS key, paper_id, published_on FROM keywords_before
    UNION ALL
    SELECT 'total' AS kind, 'all' AS key, paper_id, published_on FROM papers_before WHERE published_on IS NOT NULL
    UNION ALL
    SELECT 'code' AS kind, keyword AS key, paper_id, published_on FROM keywords_before WHERE statement = 'linked'
    UNION ALL
    SELECT 'code' AS kind, unnest(['all', primary_category]) AS key, paper_id, published_on FROM papers_before WHERE statement = 'linked' AND published_on IS NOT NULL
),

counted_now AS (
    SELECT 'keyword' AS kind, keyword AS key, paper_id, published_on FROM keywords_now
    UNION ALL
    SELECT 'total' AS kind, 'all' AS key, paper_id, published_on FROM papers_now WHERE published_on IS NOT NULL
    UNION ALL
    SELECT 'code' AS kind, keyword AS key, paper_id, published_on FROM keywords_now WHERE statement = 'linked'
    UNION ALL
    SELECT 'code' AS kind, unnest(['all', primary_category]) AS key, paper_id, published_on FROM papers_now WHERE statement = 'linked' AND published_on IS NOT NULL
),

moved AS MATERIALIZED (
    SELECT kind, key, paper_id, published_on
    FROM ((SELECT * FROM counted_before EXCEPT SELECT * FROM counted_now) UNION (SELECT * FROM counted_now EXCEPT SELECT * FROM counted_before))
    SEMI JOIN changed_keys USING (kind, key)
),

moved_papers AS MATERIALIZED (
    SELECT DISTINCT paper_id FROM moved
),

records_before AS (
    SELECT
        seen.dump_id, seen.member, seen.record_offset, papers.paper_id, seen.source,
        any_value(dumps.parser_version) AS parser_version,
        list(DISTINCT seen.observed_on ORDER BY seen.observed_on) AS days
    FROM published.paper_observations AS seen
    INNER JOIN papers_before AS papers ON seen.paper_id = papers.old_id
    INNER JOIN moved_papers ON papers.paper_id = moved_papers.paper_id
    INNER JOIN published.dumps AS dumps ON seen.dump_id = dumps.dump_id AND seen.source = dumps.source
    GROUP BY ALL
),

records_now AS (
    SELECT
        seen.dump_id, seen.member, seen.record_offset, seen.paper_id, seen.source,
        any_value(dumps.parser_version) AS parser_version,
        list(DISTINCT seen.observed_on ORDER BY seen.observed_on) AS days
    FROM core.paper_observations AS seen
    INNER JOIN moved_papers USING (paper_id)
    INNER JOIN core.dumps AS dumps ON seen.dump_id = dumps.dump_id AND seen.source = dumps.source
    GROUP BY ALL
),

dumps_both AS (
    SELECT
        dump_id, source,
        max(before.parser_version) AS version_before,
        max(now.parser_version) AS version_now
    FROM (SELECT * FROM published.dumps WHERE status = 'loaded') AS before
    FULL JOIN (SELECT * FROM core.dumps WHERE status = 'loaded') AS now USING (dump_id, source)
    GROUP BY dump_id, source
),

-- What of each record differs: it is new, gone, read by another parser, or seen on other days.
records AS (
    SELECT
        paper_id,
        before.paper_id IS NOT NULL AS was_there,
        CASE
            WHEN dumps.version_now IS NULL THEN 'withdrawn'
            WHEN dumps.version_before IS NULL THEN 'late'
            WHEN dumps.version_now <> dumps.version_before THEN 'parser'
            WHEN before.paper_id IS NULL THEN CASE WHEN held.dump_id IS NULL THEN 'parser' ELSE 'identity' END
            WHEN now.paper_id IS NULL THEN CASE WHEN holds.dump_id IS NULL THEN 'parser' ELSE 'identity' END
            WHEN before.days <> now.days THEN 'late'
        END AS difference
    FROM records_before AS before
    FULL JOIN records_now AS now USING (dump_id, member, record_offset, source, paper_id)
    INNER JOIN dumps_both AS dumps USING (dump_id, source)
    LEFT JOIN (SELECT DISTINCT dump_id, member, record_offset FROM published.paper_observations) AS held USING (dump_id, member, record_offset)
    LEFT JOIN (SELECT DISTINCT dump_id, member, record_offset FROM core.paper_observations) AS holds USING (dump_id, member, record_offset)
),

causes AS (
    SELECT paper_id, CASE difference WHEN 'late' THEN CASE WHEN was_known THEN 'late_records' ELSE 'late_papers' END ELSE difference END AS cause
    FROM (
        SELECT paper_id, difference, bool_or(was_there) OVER (PARTITION BY paper_id) AS was_known
        FROM records
    )
    WHERE difference IS NOT NULL
    UNION
    SELECT
        paper_id,
        CASE WHEN (SELECT release FROM published.release) IS DISTINCT FROM (SELECT release FROM work.release) THEN 'release' ELSE 'keyword_map' END AS cause
    FROM records
    GROUP BY paper_id
    HAVING count(difference) = 0
),

explained AS (
    SELECT changed.mart, changed.key, changed.period, string_agg(DISTINCT causes.cause, ', ' ORDER BY causes.cause) AS cause
    FROM changed
    INNER JOIN moved
        ON changed.period = date_trunc(changed.unit, moved.published_on)::DATE
        AND CASE changed.mart WHEN 'scope_periods' THEN 'total' WHEN 'code_availability' THEN 'code' ELSE 'keyword' END = moved.kind
        AND CASE changed.mart WHEN 'scope_periods' THEN 'all' ELSE changed.key END = moved.key
    INNER JOIN causes ON moved.paper_id = causes.paper_id
    GROUP BY changed.mart, changed.key, changed.period
),

known AS (
    SELECT mart, key, period, revised_on, old, new, cause, 1 AS step FROM published.trend_revisions
    UNION ALL
    SELECT
        changed.mart, changed.key, changed.period, latest.revised_on, changed.old, changed.new,
        -- Two papers that became one leave no trace among the papers that are counted now.
        coalesce(explained.cause, CASE WHEN changed.new = 0 OR changed.old = 0 THEN 'support' ELSE 'identity' END) AS cause,
        2 AS step
    FROM changed
    CROSS JOIN latest
    LEFT JOIN explained ON changed.mart = explained.mart AND changed.key = explained.key AND changed.period = explained.period
    WHERE latest.revised_on IS NOT NULL
)

SELECT mart, key, period, revised_on, arg_min(old, step) AS old, arg_max(new, step) AS new, arg_max(cause, step) AS cause
FROM known
GROUP BY mart, key, period, revised_on
HAVING arg_min(old, step) <> arg_max(new, step)
