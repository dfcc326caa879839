"""The rules of the dialogue. Pure: no I/O, no clock, no logging, no await; time arrives in the event."""
