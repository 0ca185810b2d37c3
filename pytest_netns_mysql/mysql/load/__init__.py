"""The SQL files and functions of ``load=``: finding them, and splitting files into statements."""
