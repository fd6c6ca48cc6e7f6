"""Benchmarks against peers, and studies of methods; none of them gates a test."""
