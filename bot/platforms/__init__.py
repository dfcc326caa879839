"""The outside world, one room each; speaks a platform's language and decides nothing."""
