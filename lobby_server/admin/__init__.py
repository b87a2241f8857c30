"""Setting things up and looking after them: checks, files from head office, the furnished trial."""
