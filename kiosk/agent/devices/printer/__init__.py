"""The ticket printer."""
