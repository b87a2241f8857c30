"""Everything that is plugged into a kiosk, one folder a kind, one file a driver."""
