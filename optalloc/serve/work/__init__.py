"""The process of a task: one request in, progress line by line, files and one result out."""
