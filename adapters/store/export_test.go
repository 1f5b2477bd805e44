package store

// Probe has searches that more than n requests fit done by reading all texts.
func (d *DB) Probe(n int) { d.probe = n }

// Waiting is how many updates wait for another.
func (d *DB) Waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.waiting)
}

// Forget forgets what is known of counts.
func (d *DB) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.counts)
}
