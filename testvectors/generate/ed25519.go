package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"slices"
)

// ed25519Vectors returns cases of one signature. They follow RFC 8032 and,
// where RFC 8032 leaves room, the strictest common implementations. Those
// named taming-… are the twelve of "Taming the many EdDSAs" (Chalkias,
// Garillot, Nikolaenko; SSR 2020). The first ones are those of RFC 8032
// section 7.1.
func ed25519Vectors() []vector {
	var out []vector
	add := func(name, comment string, public, message, signature []byte, valid bool) {
		out = append(out, vector{"ed25519/" + name, comment,
			obj{"publicKeyHex": hex.EncodeToString(public), "messageHex": hex.EncodeToString(message), "signatureHex": hex.EncodeToString(signature)},
			obj{"valid": valid}})
	}
	unhex := func(s string) []byte { return must(hex.DecodeString(s)) }
	for _, c := range []struct{ name, comment, seed, message string }{
		{"rfc8032-empty", "The empty message.", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""},
		{"rfc8032-one-byte", "A message of one byte.", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"},
		{"rfc8032-two-bytes", "A message of two bytes.", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"},
	} {
		key := ed25519.NewKeyFromSeed(unhex(c.seed))
		add(c.name, c.comment, key.Public().(ed25519.PublicKey), unhex(c.message), ed25519.Sign(key, unhex(c.message)), true)
	}
	for _, c := range []struct {
		name, comment, public, message, signature string
		valid                                     bool
	}{
		{"small-order-both", "A and R of small order, S = 0: it fits every message.", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
			"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000", false},
		{"small-order-key", "A of small order: a key whose signatures bind nobody to a message.", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
			"f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04", false},
		{"small-order-point", "R of small order, with a key of mixed order.", "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43", "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
			"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e", false},
		{"mixed-order", "A and R of mixed order: both verification equations hold, and everybody accepts it.", "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d", "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
			"9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009", true},
		{"cofactored-only", "Only the equation that is multiplied by the cofactor holds.", "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d", "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
			"160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09", false},
		{"cofactored-reduced", "Only a verifier that multiplies the hash by 8 before it reduces it rejects what others with the cofactor accept.", "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d", "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
			"21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405", false},
		{"scalar-above-order", "S is above the order of the base point.", "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623", "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
			"e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514", false},
		{"scalar-far-above-order", "S is so far above the order that looking at its high bits finds it.", "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623", "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
			"8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22", false},
		{"point-not-canonical", "R with a y that is not below the prime, taken as it is written into the hash.", "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43", "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
			"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f", false},
		{"point-not-canonical-reduced", "R with a y that is not below the prime, reduced before it is hashed.", "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43", "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
			"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908", false},
		{"key-not-canonical-reduced", "A with a y that is not below the prime, reduced before it is hashed.", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
			"a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04", false},
		{"key-not-canonical", "A with a y that is not below the prime, taken as it is written into the hash.", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
			"a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04", false},
	} {
		add("taming-"+c.name, c.comment, unhex(c.public), unhex(c.message), unhex(c.signature), c.valid)
	}
	message := []byte("one message")
	public, good := []byte(issuer.key().Public().(ed25519.PublicKey)), ed25519.Sign(issuer.key(), message)
	changed := func(b []byte, at int, mask byte) []byte {
		b = slices.Clone(b)
		b[at] ^= mask
		return b
	}
	add("message-changed", "One bit of the message is another.", public, changed(message, 0, 1), good, false)
	add("scalar-changed", "One bit of S is another.", public, message, changed(good, 32, 1), false)
	add("point-changed", "One bit of R is another.", public, message, changed(good, 0, 1), false)
	add("key-sign-changed", "The sign of A is another: that is another key.", changed(public, 31, 0x80), message, good, false)
	add("other-key", "Another key has signed.", stranger.key().Public().(ed25519.PublicKey), message, good, false)
	add("scalar-malleated", "S + L in place of S: the same point, and a second signature if it counted.", public, message, malleate(good), false)
	add("halves-swapped", "S before R.", public, message, slices.Concat(good[32:], good[:32]), false)
	add("signature-short", "63 bytes.", public, message, good[:63], false)
	add("signature-long", "A good signature with one more byte.", public, message, append(slices.Clone(good), 0), false)
	add("signature-empty", "No signature at all.", public, message, nil, false)
	add("key-short", "A key of 31 bytes, which some libraries panic on.", public[:31], message, good, false)
	add("key-empty", "No key at all.", nil, message, good, false)
	add("key-zero", "32 zero bytes are a point of order 4.", make([]byte, 32), message, good, false)
	return out
}
