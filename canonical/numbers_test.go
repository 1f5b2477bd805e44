package canonical

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"strconv"
	"testing"
)

// The published ES6 test numbers
// (https://github.com/cyberphone/json-canonicalization, testdata) are these
// doubles, then 2,000 consecutive ones from 0x0010000000000000, then those of a
// chain of SHA-256 hashes that begins with 32 zero bytes. Each line of the file has
// the bits in hex, a comma, and the canonical form.
var ladderBegins = [...]uint64{
	0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x8000000000000001,
	0xc46696695dbd1cc3, 0xc43211ede4974a35, 0xc3fce97ca0f21056, 0xc3c7213080c1a6ac,
	0xc39280f39a348556, 0xc35d9b1f5d20d557, 0xc327af4c4a80aaac, 0xc2f2f2a36ecd5556,
	0xc2be51057e155558, 0xc28840d131aaaaac, 0xc253670dc1555557, 0xc21f0b4935555557,
	0xc1e8d5d42aaaaaac, 0xc1b3de4355555556, 0xc17fca0555555556, 0xc1496e6aaaaaaaab,
	0xc114585555555555, 0xc0e046aaaaaaaaab, 0xc0aa0aaaaaaaaaaa, 0xc074d55555555555,
	0xc040aaaaaaaaaaab, 0xc00aaaaaaaaaaaab, 0xbfd5555555555555, 0xbfa1111111111111,
	0xbf6b4e81b4e81b4f, 0xbf35d867c3ece2a5, 0xbf0179ec9cbd821e, 0xbecbf647612f3696,
	0xbe965e9f80f29212, 0xbe61e54c672874db, 0xbe2ca213d840baf8, 0xbdf6e80fe033c8c6,
	0xbdc2533fe68fd3d2, 0xbd8d51ffd74c861c, 0xbd5774ccac3d3817, 0xbd22c3d6f030f9ac,
	0xbcee0624b3818f79, 0xbcb804ea293472c7, 0xbc833721ba905bd3, 0xbc4ebe9c5db3c61e,
	0xbc18987d17c304e5, 0xbbe3ad30dfcf371d, 0xbbaf7b816618582f, 0xbb792f9ab81379bf,
	0xbb442615600f9499, 0xbb101e77800c76e1, 0xbad9ca58cce0be35, 0xbaa4a1e0a3e6fe90,
	0xba708180831f320d, 0xba3a68cd9e985016, 0x446696695dbd1cc3, 0x443211ede4974a35,
	0x43fce97ca0f21056, 0x43c7213080c1a6ac, 0x439280f39a348556, 0x435d9b1f5d20d557,
	0x4327af4c4a80aaac, 0x42f2f2a36ecd5556, 0x42be51057e155558, 0x428840d131aaaaac,
	0x4253670dc1555557, 0x421f0b4935555557, 0x41e8d5d42aaaaaac, 0x41b3de4355555556,
	0x417fca0555555556, 0x41496e6aaaaaaaab, 0x4114585555555555, 0x40e046aaaaaaaaab,
	0x40aa0aaaaaaaaaaa, 0x4074d55555555555, 0x4040aaaaaaaaaaab, 0x400aaaaaaaaaaaab,
	0x3fd5555555555555, 0x3fa1111111111111, 0x3f6b4e81b4e81b4f, 0x3f35d867c3ece2a5,
	0x3f0179ec9cbd821e, 0x3ecbf647612f3696, 0x3e965e9f80f29212, 0x3e61e54c672874db,
	0x3e2ca213d840baf8, 0x3df6e80fe033c8c6, 0x3dc2533fe68fd3d2, 0x3d8d51ffd74c861c,
	0x3d5774ccac3d3817, 0x3d22c3d6f030f9ac, 0x3cee0624b3818f79, 0x3cb804ea293472c7,
	0x3c833721ba905bd3, 0x3c4ebe9c5db3c61e, 0x3c18987d17c304e5, 0x3be3ad30dfcf371d,
	0x3baf7b816618582f, 0x3b792f9ab81379bf, 0x3b442615600f9499, 0x3b101e77800c76e1,
	0x3ad9ca58cce0be35, 0x3aa4a1e0a3e6fe90, 0x3a708180831f320d, 0x3a3a68cd9e985016,
	0x4024000000000000, 0x4014000000000000, 0x3fe0000000000000, 0x3fa999999999999a,
	0x3f747ae147ae147b, 0x3f40624dd2f1a9fc, 0x3f0a36e2eb1c432d, 0x3ed4f8b588e368f1,
	0x3ea0c6f7a0b5ed8d, 0x3e6ad7f29abcaf48, 0x3e35798ee2308c3a, 0x3ed539223589fa95,
	0x3ed4ff26cd5a7781, 0x3ed4f95a762283ff, 0x3ed4f8c60703520c, 0x3ed4f8b72f19cd0d,
	0x3ed4f8b5b31c0c8d, 0x3ed4f8b58d1c461a, 0x3ed4f8b5894f7f0e, 0x3ed4f8b588ee37f3,
	0x3ed4f8b588e47da4, 0x3ed4f8b588e3849c, 0x3ed4f8b588e36bb5, 0x3ed4f8b588e36937,
	0x3ed4f8b588e368f8, 0x3ed4f8b588e368f1, 0x3ff0000000000000, 0xbff0000000000000,
	0xbfeffffffffffffa, 0xbfeffffffffffffb, 0x3feffffffffffffa, 0x3feffffffffffffb,
	0x3feffffffffffffc, 0x3feffffffffffffe, 0xbfefffffffffffff, 0xbfefffffffffffff,
	0x3fefffffffffffff, 0x3fefffffffffffff, 0x3fd3333333333332, 0x3fd3333333333333,
	0x3fd3333333333334, 0x0010000000000000, 0x000ffffffffffffd, 0x000fffffffffffff,
	0x7fefffffffffffff, 0xffefffffffffffff, 0x4340000000000000, 0xc340000000000000,
	0x4430000000000000, 0x44b52d02c7e14af5, 0x44b52d02c7e14af6, 0x44b52d02c7e14af7,
	0x444b1ae4d6e2ef4e, 0x444b1ae4d6e2ef4f, 0x444b1ae4d6e2ef50, 0x3eb0c6f7a0b5ed8c,
	0x3eb0c6f7a0b5ed8d, 0x41b3de4355555553, 0x41b3de4355555554, 0x41b3de4355555555,
	0x41b3de4355555556, 0x41b3de4355555557, 0xbecbf647612f3696, 0x43143ff3c1cb0959,
}

// ladderHashes are the published SHA-256 hashes of the first n lines.
var ladderHashes = map[int]string{
	1_000:       "be18b62b6f69cdab33a7e0dae0d9cfa869fda80ddc712221570f9f40a5878687",
	10_000:      "b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892",
	100_000:     "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7",
	1_000_000:   "49415fee2c56c77864931bd3624faad425c3c577d6d74e89a83bc725506dad16",
	10_000_000:  "b9f8a44a91d46813b21b9602e72f112613c91408db0b8341fb94603d9db135e0",
	100_000_000: "0f7dda6b0837dde083c5d6b896f7d62340c8a2415b0c7121d83145e08a755272",
}

// TestNumberLadder canonicalizes 10^6 numbers, or the number in the environment
// variable LADDER. It writes each with 17 digits and an exponent, and canonicalizes
// the result once more.
func TestNumberLadder(t *testing.T) {
	last := 1_000_000
	if testing.Short() {
		last = 10_000
	}
	if s := os.Getenv("LADDER"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || ladderHashes[n] == "" {
			t.Fatalf("LADDER=%s has no published hash", s)
		}
		last = n
	}
	next := ladder()
	hash := sha256.New()
	var token, form, again, line []byte
	canonical := func(dst, token []byte) []byte {
		d, err := Parse(token)
		if err != nil {
			t.Fatalf("%s: %v", token, err)
		}
		return d.Root().AppendCanonical(dst[:0])
	}
	for n := 1; n <= last; n++ {
		f := next()
		token = strconv.AppendFloat(token[:0], f, 'e', 16, 64)
		form = canonical(form, token)
		again = canonical(again, form)
		if !bytes.Equal(form, again) {
			t.Fatalf("%s is not a fixed point: %s", form, again)
		}
		line = strconv.AppendUint(line[:0], math.Float64bits(f), 16)
		line = append(append(append(line, ','), form...), '\n')
		hash.Write(line)
		if want := ladderHashes[n]; want != "" {
			if got := hex.EncodeToString(hash.Sum(nil)); got != want {
				t.Fatalf("the first %d lines hash to %s, want %s", n, got, want)
			}
			t.Logf("%d numbers", n)
		}
	}
}

// ladder returns an iterator over the numbers.
func ladder() func() float64 {
	i := 0
	var block [sha256.Size]byte
	var rest []byte
	return func() float64 {
		defer func() { i++ }()
		const row = 2000
		switch {
		case i < len(ladderBegins):
			return math.Float64frombits(ladderBegins[i])
		case i < len(ladderBegins)+row:
			return math.Float64frombits(0x0010000000000000 + uint64(i-len(ladderBegins)))
		}
		for {
			if len(rest) == 0 {
				block = sha256.Sum256(block[:])
				rest = block[:]
			}
			f := math.Float64frombits(binary.LittleEndian.Uint64(rest))
			rest = rest[8:]
			if f != 0 && !math.IsNaN(f) && !math.IsInf(f, 0) {
				return f
			}
		}
	}
}

// TestShortDecimals: the parser keeps the spelling of most decimals of up to 15
// digits without a conversion to a double. The result must equal that of
// gowebpki/jcs, which converts all numbers.
func TestShortDecimals(t *testing.T) {
	digits := []string{"1", "9", "10", "12", "99", "100", "123456789012345", "999999999999999", "12345678901234", "5", "50", "105"}
	check := func(s string) { compareWithOracle(t, []byte(s)) }
	for _, sign := range []string{"", "-"} {
		for _, d := range digits {
			for point := 0; point <= len(d); point++ {
				for zeros := 0; zeros <= 8; zeros++ {
					frac := "0000000000"[:zeros] + d[point:]
					whole := d[:point]
					if whole == "" {
						whole = "0"
					}
					check(sign + whole)
					if frac != "" {
						check(sign + whole + "." + frac)
						check(sign + whole + "." + frac + "0")
						check(sign + "0." + frac)
					}
				}
			}
		}
		for _, s := range []string{"0", "0.0", "0.5", "0.000001", "0.0000001", "0.00000123", "0.000000123", "0.123456789012345",
			"0.1234567890123456", "0.00000012345678901234", "1.0", "1.10", "999999999999999.9", "99999999999999.9", "0.30000000000000004"} {
			check(sign + s)
		}
	}
}
