"""How near poems come to those of people: what networks write beside what people wrote."""
