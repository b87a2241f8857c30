"""Tickets, whose turn it is, and how long it takes."""
