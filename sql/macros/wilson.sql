-- Bounds of the 95 % Wilson score interval of a share (Wilson 1927): with n = whole, k = part and z = 1.959963984540054,
-- (k + z²/2 ± z √(k (n − k) / n + z²/4)) / (n + z²). Rounding must not push a bound past the share, nor past 0 or 1.
CREATE OR REPLACE MACRO wilson_low(part, whole) AS
    CASE WHEN whole > 0 THEN
        CASE WHEN part = 0 THEN 0.0
        ELSE greatest(0.0, least(part / whole,
            (part + 1.920729410347062 - 1.959963984540054 * sqrt(part * ((whole - part) / whole) + 0.960364705173531)) / (whole + 3.841458820694124)))
        END
    END;
CREATE OR REPLACE MACRO wilson_high(part, whole) AS
    CASE WHEN whole > 0 THEN
        CASE WHEN part = whole THEN 1.0
        ELSE least(1.0, greatest(part / whole,
            (part + 1.920729410347062 + 1.959963984540054 * sqrt(part * ((whole - part) / whole) + 0.960364705173531)) / (whole + 3.841458820694124)))
        END
    END
