"""Figures and pages of the report, made from finished tables and counts; nothing is chosen here."""
