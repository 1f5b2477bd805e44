package store

// Probe sets the number of candidates from which a search reads all texts.
func (d *DB) Probe(n int) { d.probe = n }

// Room sets the bytes for cached blocks of texts.
func (d *DB) Room(bytes int) { d.keepLimit = bytes }

// Kept returns the number of cached blocks of a tenant, and the bytes of all
// cached blocks.
func (d *DB) Kept(tenant string) (blocks, bytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.blocks[tenant]), d.kept
}

// Waiting returns the number of updates that wait for another.
func (d *DB) Waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.waiting)
}

// Forget clears the cached counts.
func (d *DB) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.counts)
}
