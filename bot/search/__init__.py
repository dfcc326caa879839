"""Finding the topic a message is about. Pure: values in, values out; the only library is rapidfuzz."""
