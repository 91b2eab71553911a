"""The tasks by topic; each module here is read, and enters its tasks."""
