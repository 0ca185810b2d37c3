"""SQL files and functions to load: found, read and split into statements."""
