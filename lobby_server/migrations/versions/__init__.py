"""The steps, named by date and what they do."""
