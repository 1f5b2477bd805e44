package multikey

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"fmt"
	"math/big"
	"slices"
	"testing"
)

// The tests compute with the curve equation of RFC 8032 §5.1 and share no
// code with the package.

var (
	fieldP = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	curveD = func() *big.Int {
		d := new(big.Int).ModInverse(big.NewInt(121666), fieldP)
		return d.Mul(d, big.NewInt(-121665)).Mod(d, fieldP)
	}()
)

type point struct{ x, y *big.Int }

func (a point) add(b point) point {
	mul := func(v ...*big.Int) *big.Int {
		r := big.NewInt(1)
		for _, f := range v {
			r.Mul(r, f).Mod(r, fieldP)
		}
		return r
	}
	inv := func(v *big.Int) *big.Int { return new(big.Int).ModInverse(v, fieldP) }
	one := big.NewInt(1)
	t := mul(curveD, a.x, b.x, a.y, b.y)
	x := mul(new(big.Int).Add(mul(a.x, b.y), mul(b.x, a.y)), inv(new(big.Int).Mod(new(big.Int).Add(one, t), fieldP)))
	y := mul(new(big.Int).Add(mul(a.y, b.y), mul(a.x, b.x)), inv(new(big.Int).Mod(new(big.Int).Sub(one, t), fieldP)))
	return point{x, y}
}

func (a point) order() int {
	sum := a
	for n := 1; n <= 8; n++ {
		if sum.x.Sign() == 0 && sum.y.Cmp(big.NewInt(1)) == 0 {
			return n
		}
		sum = sum.add(a)
	}
	return 0 // larger than 8
}

// decompress solves the curve equation for x. ok is false if there is no x.
func decompress(enc []byte) (p point, ok bool) {
	le := bytes.Clone(enc)
	le[31] &= 0x7f
	slices.Reverse(le)
	y := new(big.Int).SetBytes(le)
	y.Mod(y, fieldP)
	y2 := new(big.Int).Mul(y, y)
	u := new(big.Int).Sub(y2, big.NewInt(1))
	v := new(big.Int).Mul(y2, curveD)
	v.Add(v, big.NewInt(1))
	v.ModInverse(v.Mod(v, fieldP), fieldP)
	x := new(big.Int).ModSqrt(u.Mul(u, v).Mod(u, fieldP), fieldP)
	if x == nil {
		return point{}, false
	}
	if x.Bit(0) != uint(enc[31]>>7) {
		x.Sub(fieldP, x).Mod(x, fieldP)
	}
	return point{x, y}, true
}

// smallOrderEncodings returns the fourteen 32-byte strings that lenient
// decoders read as points of order 1, 2, 4 or 8.
func smallOrderEncodings() [][32]byte {
	var all [][32]byte
	pEnc := [32]byte(bytes.Repeat([]byte{0xff}, 32))
	pEnc[0], pEnc[31] = 0xed, 0x7f
	pPlus1 := pEnc
	pPlus1[0]++
	ys := [][32]byte{pEnc, pPlus1}
	for _, y := range []string{yOrder1, yOrder2, yOrder4, yOrder8a, yOrder8b} {
		ys = append(ys, [32]byte([]byte(y)))
	}
	for _, y := range ys {
		signed := y
		signed[31] |= 0x80
		all = append(all, y, signed)
	}
	return all
}

func TestSmallOrderTable(t *testing.T) {
	seen := map[string]bool{} // distinct points
	for _, enc := range smallOrderEncodings() {
		p, ok := decompress(enc[:])
		if !ok {
			t.Fatalf("%x is not on the curve", enc)
		}
		if n := p.order(); n == 0 {
			t.Errorf("%x is not of small order", enc)
		}
		seen[fmt.Sprint(p.x, p.y)] = true
		if weakPoint(enc) == "" {
			t.Errorf("%x is not refused", enc)
		}
		if _, err := NewPublicKey(enc[:]); err == nil {
			t.Errorf("%x is accepted as a key", enc)
		}
	}
	// The points whose order divides 8 are a cyclic group of eight.
	if len(seen) != 8 {
		t.Errorf("%d distinct points, want all 8", len(seen))
	}
}

func TestYNotBelowP(t *testing.T) {
	enc := [32]byte(bytes.Repeat([]byte{0xff}, 32))
	for sign := range 2 {
		enc[31] = 0x7f | byte(sign)<<7
		for low := 0xed; low <= 0xff; low++ {
			enc[0] = byte(low)
			if weakPoint(enc) != "y is not below the field prime" {
				t.Errorf("%x: %q", enc, weakPoint(enc))
			}
		}
		enc[0] = 0xec // p-1 is below p, and of order 2
		if weakPoint(enc) != "point of small order" {
			t.Errorf("%x: %q", enc, weakPoint(enc))
		}
		enc[0] = 0xeb
		if weakPoint(enc) != "" {
			t.Errorf("%x: %q", enc, weakPoint(enc))
		}
	}
	for i := 1; i < 31; i++ { // each middle byte counts
		enc[0], enc[i] = 0xff, 0xfe
		if weakPoint(enc) != "" {
			t.Errorf("%x: %q", enc, weakPoint(enc))
		}
		enc[i] = 0xff
	}
}

func TestOnCurve(t *testing.T) {
	on := 0
	for i := range 200 {
		sum := sha512.Sum512([]byte{byte(i)})
		enc := [32]byte(sum[:32])
		_, want := decompress(enc[:])
		if got := onCurve(enc); got != want {
			t.Errorf("%x: got %v, want %v", enc, got, want)
		}
		if want {
			on++
		}
		pub := ed25519.NewKeyFromSeed(sum[:32]).Public().(ed25519.PublicKey)
		if !onCurve([32]byte(pub)) || weakPoint([32]byte(pub)) != "" {
			t.Errorf("key %x refused", pub)
		}
	}
	if !onCurve([32]byte([]byte(yOrder1))) || !onCurve([32]byte([]byte(yOrder2))) {
		t.Error("x = 0 is refused")
	}
	if on < 60 || on > 140 {
		t.Errorf("%d of 200 are on the curve: want about half", on)
	}
}
