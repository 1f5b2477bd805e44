package disklog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/mandate-engine/mandate/receipts/translog"
)

// A segment is a file: the magic, then frames. A frame is one batch of
// entries, written by one call:
//
//	4  bytes of the body, big-endian like all that follows
//	4  entries in it
//	8  index of the first
//	4  CRC-32C of the body
//	4  CRC-32C of these 20 bytes
//	n  the body: each entry after its length in 2 bytes, as in the entry
//	   bundles of C2SP tlog-tiles
//
// The checksums detect accidental damage. An attacker who can write the files
// can also write checksums; checkpoints detect tampering.
const (
	magic      = "mandlog1"
	headerSize = 24
	maxBody    = 1 << 20 // bounds the search after a broken header
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errFrame   = errors.New("disklog: broken frame")
)

type header struct {
	length, count uint32
	first         int64
	sum           uint32
}

// sealFrame writes the header into the first headerSize bytes of a frame.
func sealFrame(frame []byte, count int, first int64) {
	b := binary.BigEndian
	body := frame[headerSize:]
	b.PutUint32(frame, uint32(len(body)))
	b.PutUint32(frame[4:], uint32(count))
	b.PutUint64(frame[8:], uint64(first))
	b.PutUint32(frame[16:], crc32.Checksum(body, castagnoli))
	b.PutUint32(frame[20:], crc32.Checksum(frame[:20], castagnoli))
}

// readHeader reads a header. ok reports that its checksum is correct.
func readHeader(b []byte) (h header, ok bool) {
	be := binary.BigEndian
	h = header{be.Uint32(b), be.Uint32(b[4:]), int64(be.Uint64(b[8:])), be.Uint32(b[16:])}
	return h, crc32.Checksum(b[:20], castagnoli) == be.Uint32(b[20:]) && h.length > 0 && h.length <= maxBody
}

// splitBody checks a body and then calls add for each entry, with its offset.
func splitBody(h header, body []byte, add func(at int64, entry []byte)) error {
	if uint32(len(body)) != h.length || crc32.Checksum(body, castagnoli) != h.sum {
		return errFrame
	}
	for _, call := range []func(int64, []byte){nil, add} {
		count := uint32(0)
		for at := 0; at < len(body); count++ {
			if len(body)-at < 2 {
				return errFrame
			}
			n := int(binary.BigEndian.Uint16(body[at:]))
			at += 2
			if n == 0 || n > len(body)-at {
				return errFrame
			}
			if call != nil {
				call(int64(at), body[at:at+n])
			}
			at += n
		}
		if count != h.count {
			return errFrame
		}
	}
	return nil
}

// A tail is the state of the bytes after the last valid frame of a segment.
type tail int

const (
	whole  tail = iota // no bytes
	short              // the file ends within the frame: it was never written completely
	broken             // a frame with wrong checksums, complete or not
	buried             // a broken or missing frame, followed by written frames
)

// readSegment reads a segment of size bytes whose first entry has the index
// next. It calls add for each entry of its valid frames, with its offset in
// the file, and returns the end of the valid frames, the index after their
// last entry, and the tail.
func readSegment(r io.Reader, size, next int64, add func(at int64, entry []byte)) (end, after int64, t tail, err error) {
	var buf [headerSize]byte
	switch _, err := io.ReadFull(r, buf[:len(magic)]); {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return 0, next, buried, err
	case err != nil || string(buf[:len(magic)]) != magic:
		return 0, next, buried, fmt.Errorf("%w: the file is not a segment", ErrDamaged)
	}
	body := make([]byte, 0, 1<<16)
	end = int64(len(magic))
	for end < size {
		left := size - end
		if left < headerSize {
			return end, next, short, nil
		}
		if _, err := io.ReadFull(r, buf[:]); err != nil {
			return end, next, short, err
		}
		h, ok := readHeader(buf[:])
		ok = ok && h.first == next && next <= translog.MaxSize
		n := min(left-headerSize, maxBody) // without a valid header, assume the largest frame
		if ok {
			if n = int64(h.length); left < headerSize+n {
				return end, next, short, nil
			}
		}
		body = append(body[:0], make([]byte, n)...)
		if _, err := io.ReadFull(r, body); err != nil {
			return end, next, short, err
		}
		ok = ok && splitBody(h, body, func(at int64, e []byte) {
			add(end+headerSize+at, e)
			next++
		}) == nil
		switch {
		case ok:
			end += headerSize + n
		case left > headerSize+n || later(append(buf[:], body...), next):
			return end, next, buried, nil
		default:
			return end, next, broken, nil
		}
	}
	return end, next, whole, nil
}

// later reports whether the header of a later frame is in b, which begins with
// the broken frame. The body of the later frame need not be complete or valid:
// its writer had completed the frame before.
func later(b []byte, next int64) bool {
	for at := 0; at+headerSize <= len(b); at++ {
		if h, ok := readHeader(b[at:]); ok && h.first <= translog.MaxSize && (h.first > next || at > 0 && h.first == next) {
			return true
		}
	}
	return false
}
