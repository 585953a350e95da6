-- Records that were set aside, by source and reason.
-- grain: source, reason
-- source: dump format
-- reason: code of what is wrong
-- records: how many
-- detail: what was found, of one of them
-- excerpt: start of one of them, escaped
SELECT
    source,
    reason,
    count(*) AS records,
    min(detail) AS detail,
    left(min(excerpt), 120) AS excerpt
FROM ops.rejected
GROUP BY source, reason
ORDER BY source, reason
