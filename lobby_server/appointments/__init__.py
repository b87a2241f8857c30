"""Appointments: who comes when, for what, to whom; and the code that says so at the door."""
