"""Readers of the resident identity card. Its number never leaves their process."""
