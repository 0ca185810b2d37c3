"""What one pytest process does: its sandbox, its networks, its servers, and the clean-up after each test."""
