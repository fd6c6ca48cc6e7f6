"""The report's pages: what to ship, and the study's tables for people."""
