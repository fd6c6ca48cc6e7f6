"""Deliberate practice: which synthetic images a learner should be given next, and what theory says of it."""
