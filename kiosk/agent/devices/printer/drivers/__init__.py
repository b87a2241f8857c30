"""One file a driver; the file's name is its name in kiosk.toml."""
