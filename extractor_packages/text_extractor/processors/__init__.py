"""The steps of the text extractor and what they compute with."""
