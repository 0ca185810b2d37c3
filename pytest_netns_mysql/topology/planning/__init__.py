"""What a topology means: names, addresses, routes and endpoints."""
