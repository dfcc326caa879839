"""Looking at how well the bot does: evaluation, tuning, counts. Changes nothing by itself."""
