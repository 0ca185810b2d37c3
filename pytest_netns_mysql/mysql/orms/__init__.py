"""Object-relational mappers that open connections by themselves."""
