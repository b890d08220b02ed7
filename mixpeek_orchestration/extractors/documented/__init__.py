"""The smaller import roots of Mixpeek's documentation, one module each; `import_roots` says which leads where.

Values that packages only declare (prices, vector definitions, registration records) are read by nobody here: they
exist so that packages which build them load unmodified.
"""
