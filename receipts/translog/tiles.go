package translog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is the height of C2SP tlog-tiles: 256 hashes, or entries, per
// tile.
const tileHeight = 8

var errTile = errors.New("translog: there is no such tile")

// Resource returns the content for a path of C2SP tlog-tiles in the tree of
// the first size entries: tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>]. It
// does not serve the checkpoint.
func Resource(src Source, size int64, path string) ([]byte, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	data, entries := strings.CutPrefix(rest, "entries/")
	if !ok || len(path) > 100 || strings.HasPrefix(rest, "data") {
		return nil, errTile
	}
	name := fmt.Sprintf("tile/%d/%s", tileHeight, rest)
	if entries {
		name = fmt.Sprintf("tile/%d/data/%s", tileHeight, data)
	}
	t, err := tlog.ParseTilePath(name)
	if err != nil || size > src.Size() || t.L > 63 {
		return nil, errTile
	}
	width := size >> (tileHeight * max(t.L, 0)) // hashes at the level of the tile
	if t.N > width>>tileHeight || t.N<<tileHeight+int64(t.W) > width {
		return nil, errTile
	}
	if !entries {
		return tlog.ReadTileData(t, src)
	}
	var bundle []byte
	for i := range int64(t.W) {
		e, err := src.Entry(t.N<<tileHeight + i)
		if err != nil {
			return nil, err
		}
		bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(e))) // at most MaxEntry
		bundle = append(bundle, e...)
	}
	return bundle, nil
}

// Resources yields the paths to publish when a log grows from old to size: the
// new full tiles and bundles, and the partial ones at the right edge.
func Resources(old, size int64) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, t := range tlog.NewTiles(tileHeight, old, size) {
			head := fmt.Sprintf("tile/%d/", tileHeight)
			if !yield("tile/" + strings.TrimPrefix(t.Path(), head)) {
				return
			}
			if t.L > 0 {
				continue
			}
			t.L = -1
			if !yield("tile/entries/" + strings.TrimPrefix(t.Path(), head+"data/")) {
				return
			}
		}
	}
}
