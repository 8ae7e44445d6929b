"""What a study looks like: figures, the report page, films and the live view."""
