package multikey

import "filippo.io/edwards25519"

// The y coordinates of the eight points of small order, little endian as
// RFC 8032 §5.1.2 encodes them. Negating a point keeps its y, so the
// points of order 4 share one y and the points of order 8 have two:
//
//	order 1: (0, 1)    order 2: (0, -1)    order 4: (±sqrt(-1), 0)
//	order 8: (±x, ±y8); doubling gives y = 0, so x² = -y², and the
//	         curve equation becomes d·y⁴ + 2·y² - 1 = 0
//
// With both signs these are ten encodings. Published lists have fourteen:
// four more have p and p+1 instead of 0 and 1. The check for y >= p refuses
// those.
const (
	yOrder1  = "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	yOrder2  = "\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
	yOrder4  = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	yOrder8a = "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"
	yOrder8b = "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"
)

// weakPoint returns why an encoded point must not be a public key or the R
// of a signature, or "". It does not check that the point is on the curve.
// It accepts points of mixed order: to detect them costs a scalar
// multiplication and does not bind a signature to its message more closely.
func weakPoint(enc [32]byte) string {
	y := enc
	y[31] &= 0x7f // the top bit is the sign of x
	if !belowP(y) {
		return "y is not below the field prime"
	}
	switch string(y[:]) {
	case yOrder1, yOrder2, yOrder4, yOrder8a, yOrder8b:
		return "point of small order"
	}
	return ""
}

// belowP reports whether y, little endian and below 2^255, is below
// p = 2^255 - 19. RFC 8032 §5.1.3 step 1 refuses the other nineteen values.
func belowP(y [32]byte) bool {
	if y[31] != 0x7f || y[0] < 0xed {
		return true
	}
	for _, b := range y[1:31] {
		if b != 0xff {
			return true
		}
	}
	return false
}

// onCurve reports whether edwards25519 has a point with this y: RFC 8032
// §5.1.3 steps 2 and 3.
func onCurve(enc [32]byte) bool {
	_, err := new(edwards25519.Point).SetBytes(enc[:])
	return err == nil
}
