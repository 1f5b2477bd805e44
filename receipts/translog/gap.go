package translog

import (
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
)

// A Gap is an entry by which a log says of itself that entries which it had
// acknowledged may be missing right before it. It is no receipt and carries no
// signature: the checkpoints that cover it do.
type Gap struct {
	Size    int64  // entries that were found
	Dropped int64  // bytes after them that were cut off; 0 when there was no trace
	Why     string // for people
}

// gapEvent is the event of a gap entry.
const gapEvent = "LOG_GAP"

// Entry returns the gap as the canonical JSON of {droppedBytes, event, size,
// why}.
func (g Gap) Entry() ([]byte, error) {
	b, err := canonical.Marshal(map[string]any{"event": gapEvent, "size": g.Size, "droppedBytes": g.Dropped, "why": g.Why})
	if err != nil {
		return nil, fmt.Errorf("translog: %w", err)
	}
	return b, nil
}

// ParseGap reports whether an entry is one that Gap.Entry has made.
func ParseGap(entry []byte) (Gap, bool) {
	if len(entry) > 1024 || !strings.HasPrefix(string(entry), `{"droppedBytes":`) {
		return Gap{}, false // nearly every entry, without parsing it
	}
	d, err := canonical.Parse(entry)
	if err != nil {
		return Gap{}, false
	}
	root := d.Root()
	why, _ := root.Get("why").String()
	size, _ := root.Get("size").Float64()
	dropped, _ := root.Get("droppedBytes").Float64()
	g := Gap{Size: int64(size), Dropped: int64(dropped), Why: why}
	again, err := g.Entry()
	if err != nil || string(again) != string(entry) { // every member, of the right kind, and no other
		return Gap{}, false
	}
	return g, true
}
