"""What a failing test shows: where it ran, why it failed, and the state of networks and servers at that moment."""
