"""The branch itself: its windows, service types, business day and devices."""
