"""Choosing among trained models with synthetic data: rules, and tables that say what the choices gain."""
