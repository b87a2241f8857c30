"""What one screen needs to show, put together from the rooms below."""
