package store

// Probe has searches that more than n requests fit done by reading all texts.
func (d *DB) Probe(n int) { d.probe = n }

// Room leaves so many bytes for the blocks of texts that are kept.
func (d *DB) Room(bytes int) { d.room = bytes }

// Kept is how many blocks of a tenant are kept, and the bytes of all.
func (d *DB) Kept(tenant string) (blocks, bytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.blocks[tenant]), d.kept
}

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
