-- Bounds of the 95 % Wilson score interval of a share (Wilson 1927), kept within 0 and 1 and around the share itself.
CREATE OR REPLACE TEMP MACRO wilson_low(part, whole) AS
    CASE WHEN whole > 0 THEN
        CASE WHEN part = 0 THEN 0.0
        ELSE greatest(0.0, least(part / whole,
            (part + 1.9207294 - 1.959964 * sqrt(part * (whole - part) / whole + 0.9603647)) / (whole + 3.8414588)))
        END
    END;
CREATE OR REPLACE TEMP MACRO wilson_high(part, whole) AS
    CASE WHEN whole > 0 THEN
        CASE WHEN part = whole THEN 1.0
        ELSE least(1.0, greatest(part / whole,
            (part + 1.9207294 + 1.959964 * sqrt(part * (whole - part) / whole + 0.9603647)) / (whole + 3.8414588)))
        END
    END
