package store

// Probe has searches that more than n requests fit done by reading all texts.
func (d *DB) Probe(n int) { d.probe = n }
