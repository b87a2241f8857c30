"""The kiosk: its page as static files, and the device agent. It never carries the server."""
