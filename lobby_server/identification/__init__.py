"""Recognising who stands there, from what they present. It gives a greeting and a place, never an account."""
