"""All staff and public screens: pages, and the read models that join what single rooms cannot."""
