"""The kiosk: its page as static files, and (later) the device agent. It never carries the server."""
