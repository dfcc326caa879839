"""Facts, date intervals and three-valued rules. Pure, standard library only: no wording, no dialogue, no files."""
