"""Pictures in a terminal: as half blocks in true colour, or by the graphics that the terminal says it has."""
