"""Teejuht: a municipal guide for people who come or come back to live in Estonia."""

__version__ = "0.1.0"
