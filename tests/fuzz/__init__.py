"""Hostile input: real shapes, mutated, through every door. Examples are the same at each run, and few enough for every day."""
