"""Candidates: the paper's classifier families, their recipes, and the engine that trains and evaluates them."""
