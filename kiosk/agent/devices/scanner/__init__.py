"""Scan guns and built-in scanners, which read codes by themselves."""
