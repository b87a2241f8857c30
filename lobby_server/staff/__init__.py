"""The people who work in a branch, and their signing in."""
