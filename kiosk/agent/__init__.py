"""The device agent: the kiosk's camera, readers and printer, and its way to the page and to the branch server."""
