"""From marks to words, and from Markdown and buttons to what a channel can show. Knows no platform's calls."""
