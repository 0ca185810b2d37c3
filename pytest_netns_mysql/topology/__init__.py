"""The topology's floor: plain data, its files, its drawing."""
