package translog_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/receipts/translog"
)

// TestTiles checks that a client gets every node of the tree and every entry
// from the published tiles and the root.
func TestTiles(t *testing.T) {
	const size = 70_000 // the example of C2SP tlog-tiles
	m := fill(t, size)
	files := map[string][]byte{}
	for _, step := range [][2]int64{{0, 300}, {300, 300}, {300, 66_000}, {66_000, size}} {
		for path := range translog.Resources(step[0], step[1]) {
			b, err := translog.Resource(m, step[1], path)
			if err != nil {
				t.Fatal(path, err)
			}
			if old, ok := files[path]; ok && !bytes.Equal(old, b) {
				t.Errorf("%s is not immutable", path)
			}
			files[path] = b
		}
	}
	for path, hashes := range map[string]int{"tile/0/272": 256, "tile/0/273.p/112": 112, "tile/1/000": 256, "tile/1/001.p/17": 17, "tile/2/000.p/1": 1} {
		if len(files[path]) != hashes*tlog.HashSize {
			t.Errorf("%s has %d bytes, want %d hashes", path, len(files[path]), hashes)
		}
	}
	root, _ := tlog.TreeHash(size, m)
	r := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, reader{t, files})
	for _, i := range []int64{0, 255, 256, 65_535, 65_536, size - 1} {
		proof, err := tlog.ProveRecord(size, i, r) // this checks the tiles against the root
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, size, root, i, tlog.RecordHash(entry(int(i)))); err != nil {
			t.Error(i, err)
		}
	}
	bundle := files["tile/entries/273.p/112"]
	for i := 273 * 256; i < size; i++ {
		n := int(binary.BigEndian.Uint16(bundle))
		if !bytes.Equal(bundle[2:2+n], entry(i)) {
			t.Fatalf("entry %d in its bundle is %s", i, bundle[2:2+n])
		}
		bundle = bundle[2+n:]
	}
	if len(bundle) > 0 {
		t.Errorf("%d bytes too many in the bundle", len(bundle))
	}
	for range translog.Resources(0, size) {
		break
	}
	n := 0
	for range translog.Resources(0, size) {
		if n++; n == 2 {
			break
		}
	}
}

// reader is a client that reads the published files.
type reader struct {
	t     *testing.T
	files map[string][]byte
}

func (r reader) Height() int                     { return 8 }
func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}
func (r reader) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		path := "tile/" + tile.Path()[len("tile/8/"):]
		b, ok := r.files[path]
		if !ok {
			r.t.Fatalf("%s is not published", path)
		}
		data = append(data, b)
	}
	return data, nil
}

func TestResourceRefuses(t *testing.T) {
	m := fill(t, 300)
	for _, path := range []string{"", "checkpoint", "tile", "tile/", "tile/0", "tile/0/0", "tile/0/00", "tile/0/001", "tile/0/001.p/45", "tile/0/001.p/0", "tile/0/001.p/044",
		"tile/0/002.p/1", "tile/1/000", "tile/1/000.p/2", "tile/2/000.p/1", "tile/64/000", "tile/00/000", "tile/-1/000", "tile/data/000", "tile/data/001.p/44", "tile/8/0/000",
		"tile/entries/001", "tile/entries/001.p/45", "tile/entries/../0/000", "tile/entries", "tile/0/x000/000", "tile/0/000/", "/tile/0/000",
		"tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/x009/x223/x372/x036/x854/x775/807", "tile/0/000.p/256"} {
		if b, err := translog.Resource(m, 300, path); err == nil {
			t.Errorf("%s has %d bytes", path, len(b))
		}
	}
	if _, err := translog.Resource(m, 301, "tile/0/000"); err == nil {
		t.Error("a tree beyond the log")
	}
	for _, path := range []string{"tile/0/000", "tile/0/001.p/44", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"} {
		if _, err := translog.Resource(m, 300, path); err != nil {
			t.Error(path, err)
		}
	}
}
