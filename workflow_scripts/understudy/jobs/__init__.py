"""What a rule does with files: read its inputs, call the rooms below with arrays and tables, write its outputs."""
