-- The length of a period.
CREATE OR REPLACE MACRO to_interval(unit) AS
    CASE unit WHEN 'week' THEN INTERVAL 7 DAY WHEN 'month' THEN INTERVAL 1 MONTH ELSE INTERVAL 1 YEAR END
