"""Image noise, intervals, rank correlation and certificates, for tables and arrays; knows no study."""
