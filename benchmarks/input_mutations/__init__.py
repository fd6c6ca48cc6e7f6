"""Inputs as people have them: seeded mutations of right ones, each with the outcome that an oracle knows."""
