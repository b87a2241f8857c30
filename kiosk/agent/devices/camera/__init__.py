"""The kiosk's camera, which looks for codes all the time."""
