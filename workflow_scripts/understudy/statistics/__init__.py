"""Ordering, sampling covariance, intervals, rank correlation and certificates for tables; knows no study."""
