package translog

import (
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
)

// A Gap is a log entry which states that acknowledged entries may be missing
// directly before it. It is not a receipt and has no signature of its own. The
// checkpoints that cover it are signed.
type Gap struct {
	Size    int64  // entries found
	Dropped int64  // bytes cut off after them; 0 if there was no trace
	Why     string // for people
}

// gapEvent is the event member of a gap entry.
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

// ParseGap parses an entry made by Gap.Entry. It reports whether the entry is
// one.
func ParseGap(entry []byte) (Gap, bool) {
	if len(entry) > 1024 || !strings.HasPrefix(string(entry), `{"droppedBytes":`) {
		return Gap{}, false // fast path for nearly every entry
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
	if err != nil || string(again) != string(entry) { // require every member, of the right type, and no other
		return Gap{}, false
	}
	return g, true
}
