"""How good a generator is, from features handed in: Frechet distance, PRD, total variation, memorisation."""
