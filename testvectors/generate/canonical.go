package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
)

func canonicalVectors() []vector {
	var out []vector
	accept := func(name, comment string, input obj, want string) {
		out = append(out, vector{"canonical/" + name, comment, input, obj{"canonical": want, "sha256": sha256Hex([]byte(want))}})
	}
	refuse := func(name, comment string, input obj, kind canonical.Kind, offset int, pointer string) {
		out = append(out, vector{"canonical/" + name, comment, input, obj{"kind": string(kind), "offset": offset, "pointer": pointer}})
	}
	repeat := func(parts ...obj) obj {
		list := arr{}
		for _, p := range parts {
			list = append(list, p)
		}
		return obj{"parts": list}
	}
	times := func(s string, n int) obj { return obj{"text": s, "times": n} }

	// Input with a canonical form.
	accept("rfc8785-example", "The example of RFC 8785 section 3.2.2 and 3.2.4.",
		text("{\n  \"numbers\": [333333333.33333329, 1E30, 4.50,\n              2e-3, 0.000000000000000000000000001],\n"+
			"  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n  \"literals\": [null, true, false]\n}"),
		`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`)
	accept("rfc8785-sorting", "The example of RFC 8785 section 3.2.3: member names in the order of their UTF-16 code units.",
		text(`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",`+
			`"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`),
		`{"\r":"Carriage Return","1":"One","`+"\u0080"+`":"Control","ö":"Latin Small Letter O With Diaeresis",`+
			`"€":"Euro Sign","😀":"Emoji: Grinning Face","`+"\ufb33"+`":"Hebrew Letter Dalet With Dagesh"}`)
	accept("order-prefix-first", "A member name sorts before the names that it begins.", text(`{"ab":1,"a":2,"":3,"aa":4}`), `{"":3,"a":2,"aa":4,"ab":1}`)
	accept("order-nested", "Members are sorted at every depth, elements of arrays never.",
		text(`[{"b":[3,1,2],"a":{"d":1,"c":2}}]`), `[{"a":{"c":2,"d":1},"b":[3,1,2]}]`)
	accept("numbers-zero", "-0 is a double of its own, and its canonical form is 0 (RFC 8785 appendix B).", text(`[-0,-0.0,0e9]`), `[0,0,0]`)
	accept("numbers-extremes", "The smallest and the largest doubles (RFC 8785 appendix B).",
		text(`[5e-324,-5e-324,1.7976931348623157e308,-1.7976931348623157e308,295147905179352825856]`),
		`[5e-324,-5e-324,1.7976931348623157e+308,-1.7976931348623157e+308,295147905179352830000]`)
	accept("numbers-exponent-threshold", "Exponents appear from 1e21 up and below 1e-6, as in ECMAScript.",
		text(`[999999999999999900000,1e21,0.000001,0.0000001,9.999999999999997e-7]`),
		`[999999999999999900000,1e+21,0.000001,1e-7,9.999999999999997e-7]`)
	accept("numbers-shortest", "Each double has the shortest text that leads back to it (RFC 8785 appendix B).",
		text(`[333333333.33333325,333333333.33333329,333333333.33333343,1424953923781206.2,-0.0000033333333333333333,1e23,9.999999999999997e22]`),
		`[333333333.33333325,333333333.3333333,333333333.33333343,1424953923781206.2,-0.0000033333333333333333,1e+23,9.999999999999997e+22]`)
	accept("numbers-spelling", "100, 1e2, 100.0 and 1E+2 are one number, and so have one signature.", text(`[100,1e2,100.0,1E+2]`), `[100,100,100,100]`)
	accept("numbers-beyond-2-53", "2^53+1 has no double: it becomes 2^53. Who acts on such numbers must refuse them; their form is defined.",
		text(`[9007199254740993,-9007199254740993]`), `[9007199254740992,-9007199254740992]`)
	accept("numbers-underflow", "A number too small for a double is zero.", text(`[1e-400,-1e-400]`), `[0,0]`)
	accept("numbers-long-fraction", "Digits beyond the precision of a double decide about rounding, and are gone afterwards.",
		text(`[0.1000000000000000055511151231257827021181583404541015625]`), `[0.1]`)
	accept("strings-escapes", "Control characters have the short escapes or \\u00xx in lower case; DEL stands for itself.",
		text(`"\u0000\u0008\u0009\u000A\u000b\u000C\u000d\u001F\u007f"`), `"\u0000\b\t\n\u000b\f\r\u001f`+"\x7f"+`"`)
	accept("strings-nothing-else-escaped", "The solidus, angle brackets, the ampersand and U+2028 are not escaped.",
		text(`"\/<>&\u2028"`), "\"/<>&\u2028\"")
	accept("strings-short-escapes", "\\b and \\f are read, and written, in short.", text(`"\b\f"`), `"\b\f"`)
	accept("strings-surrogate-pair", "A pair of escaped surrogates is one character.", text(`"\ud83d\ude00"`), `"😀"`)
	accept("strings-not-normalized", "Unicode normalization is not applied: two spellings of Å are two member names.",
		text(`{"\u00c5":1,"A\u030a":2}`), "{\"A\u030a\":2,\"\u00c5\":1}")
	accept("case-variants-are-two-members", "Names that differ in letter case are different members; a reader that folds case reads another document.",
		text(`{"maxAmount":500,"MAXAMOUNT":999999}`), `{"MAXAMOUNT":999999,"maxAmount":500}`)
	accept("scalar-with-white-space", "Any value is a document, and white space around it is none of it.", text(" \t\r\n\"x\"\n"), `"x"`)
	accept("empty-containers", "Empty names, objects and arrays are legal.", text(`{ "" : { } , "a" : [ ] }`), `{"":{},"a":[]}`)
	accept("depth-at-limit", "128 arrays within each other are the deepest that is read.",
		repeat(times("[", 128), times("]", 128)), strings.Repeat("[", 128)+strings.Repeat("]", 128))

	// Input that is not JSON.
	refuse("empty-input", "Nothing is no document.", text(""), canonical.Syntax, 0, "")
	refuse("byte-order-mark", "A byte order mark is no white space; a reader that skips it hashes other bytes than one that does not.",
		obj{"hex": "efbbbf7b7d"}, canonical.Syntax, 0, "")
	refuse("trailing-comma", "A comma must be followed by another member.", text(`{"a":1,}`), canonical.Syntax, 7, "")
	refuse("truncated", "Input that ends early must not be completed.", text(`{"amount":100,"recipient`), canonical.Syntax, 24, "")
	refuse("leading-zero", "01 is no number.", text(`[01]`), canonical.Syntax, 2, "/0")
	refuse("plus-sign", "+1 is no number.", text(`[+1]`), canonical.Syntax, 1, "/0")
	refuse("no-digit-after-point", "1. is no number.", text(`[1.]`), canonical.Syntax, 3, "/0")
	refuse("not-a-number", "NaN and Infinity do not exist in JSON.", text(`{"a":NaN}`), canonical.Syntax, 5, "/a")
	refuse("comment", "Comments do not exist in JSON.", text(`{/**/}`), canonical.Syntax, 1, "")
	refuse("unquoted-name", "Member names are strings.", text(`{a:1}`), canonical.Syntax, 1, "")
	refuse("single-quotes", "Strings have double quotes.", text(`{'a':1}`), canonical.Syntax, 1, "")
	refuse("raw-control-character", "A line break inside a string must be escaped.", text("[\"a\nb\"]"), canonical.Syntax, 3, "/0")
	refuse("bad-escape", "\\x is no escape of JSON.", text(`["\x41"]`), canonical.Syntax, 2, "/0")
	refuse("short-unicode-escape", "\\u takes four hexadecimal digits.", text(`["\u00e"]`), canonical.Syntax, 2, "/0")
	refuse("bad-literal", "True is no literal: they are lower case.", text(`{"a":True}`), canonical.Syntax, 5, "/a")
	refuse("form-feed", "Of the control characters only tab, line feed and carriage return are white space.", obj{"hex": "0c7b7d"}, canonical.Syntax, 0, "")
	refuse("bad-literal-end", "tru is no literal, nor is it completed.", text(`[tru]`), canonical.Syntax, 1, "/0")
	refuse("missing-comma", "Elements are separated.", text(`[1 2]`), canonical.Syntax, 3, "")
	refuse("missing-colon", "A name and its value are separated.", text(`{"a" 1}`), canonical.Syntax, 5, "")
	refuse("missing-value", "A name has a value.", text(`{"a":}`), canonical.Syntax, 5, "/a")
	refuse("no-digit-in-exponent", "1e is no number.", text(`[1e]`), canonical.Syntax, 3, "/0")
	refuse("minus-alone", "A sign alone is no number.", text(`[-]`), canonical.Syntax, 2, "/0")
	refuse("escape-at-end", "An escape that is cut off.", text(`["\`), canonical.Syntax, 2, "/0")
	refuse("unicode-escape-at-end", "A \\u that is cut off.", text(`["\u00`), canonical.Syntax, 2, "/0")
	refuse("truncated-after-escape", "A string that ends behind an escape.", text(`["\n`), canonical.Syntax, 4, "/0")
	refuse("raw-control-after-escape", "A tab inside a string must be escaped, also behind an escape.", text("[\"\\n\t\"]"), canonical.Syntax, 4, "/0")
	refuse("second-document", "Bytes after the document are refused, also when they are a document.", text(`{"a":1} {"a":2}`), canonical.TrailingData, 8, "")
	refuse("trailing-nul", "A NUL byte at the end is a byte after the document.", obj{"hex": "7b7d00"}, canonical.TrailingData, 2, "")

	// JSON that is not I-JSON (RFC 7493).
	refuse("utf8-overlong", "C0 AF would be a solidus in two bytes.", obj{"hex": "5b22c0af225d"}, canonical.InvalidUTF8, 2, "/0")
	refuse("utf8-surrogate", "ED A0 80 encodes a surrogate, which UTF-8 does not (CESU-8).", obj{"hex": "5b22eda080225d"}, canonical.InvalidUTF8, 3, "/0")
	refuse("utf8-cut-short", "A character of three bytes lacks its last one.", obj{"hex": "5b22e282225d"}, canonical.InvalidUTF8, 4, "/0")
	refuse("utf8-beyond-unicode", "F4 90 80 80 lies beyond U+10FFFF.", obj{"hex": "5b22f4908080225d"}, canonical.InvalidUTF8, 3, "/0")
	refuse("utf8-after-escape", "A byte that begins no character, behind an escape.", obj{"hex": "5b225c6eff225d"}, canonical.InvalidUTF8, 4, "/0")
	refuse("utf8-outside-string", "A byte beyond ASCII outside of a string.", obj{"hex": "5bff5d"}, canonical.Syntax, 1, "/0")
	refuse("surrogate-bad-low", "A high surrogate, and an escape that is none.", text(`["\ud83d\uzzzz"]`), canonical.Syntax, 8, "/0")
	refuse("surrogate-without-low", "A high surrogate without its low half.", text(`{"a":"\ud800"}`), canonical.LoneSurrogate, 6, "/a")
	refuse("surrogate-low-first", "A low surrogate comes first.", text(`["\udc00\ud800"]`), canonical.LoneSurrogate, 2, "/0")
	refuse("surrogate-then-other-escape", "A high surrogate followed by the escape of another character.", text(`["\ud83d\u0041"]`), canonical.LoneSurrogate, 2, "/0")
	refuse("surrogate-in-name", "Member names hold characters as well.", text(`{"\ud800":1}`), canonical.LoneSurrogate, 2, "")
	refuse("noncharacter-escaped", "U+FFFF is a noncharacter (RFC 7493 section 2.1).", text(`["\uffff"]`), canonical.Noncharacter, 2, "/0")
	refuse("noncharacter-raw", "U+FDD0 is a noncharacter.", obj{"hex": "5b22efb790225d"}, canonical.Noncharacter, 2, "/0")
	refuse("noncharacter-beyond-bmp", "U+1FFFE, as a pair of surrogates, is a noncharacter.", text(`["\ud83f\udffe"]`), canonical.Noncharacter, 2, "/0")
	refuse("duplicate-name", "A repeated member name is refused at its second quote, not resolved in favour of one.",
		text(`{"a":1,"a":2}`), canonical.DuplicateKey, 7, "/a")
	refuse("duplicate-name-hidden", "Names are compared after unescaping.", text(`{"amount":1,"b":2,"\u0061mount":3}`), canonical.DuplicateKey, 18, "/amount")
	refuse("duplicate-name-deep", "The pointer leads to the member, with ~ and / escaped (RFC 6901).",
		text(`{"a/b":[{"c~":1,"c~":1}]}`), canonical.DuplicateKey, 16, "/a~1b/0/c~0")
	refuse("number-overflow", "1e400 is beyond the range of a double; it does not become infinity or the largest one.",
		text(`{"a":[1,1e400]}`), canonical.NumberOutOfRange, 8, "/a/1")
	refuse("number-overflow-in-digits", "400 digits are beyond the range of a double as well.",
		repeat(times("[-", 1), times("9", 400), times("]", 1)), canonical.NumberOutOfRange, 1, "/0")

	// Input over a limit.
	refuse("depth-over-limit", "The 129th array within another is not opened.", repeat(times("[", 129), times("]", 129)),
		canonical.TooDeep, 128, strings.Repeat("/0", 128))
	refuse("bytes-over-limit", "1 MiB and one byte, most of it white space.", repeat(times("{}", 1), times(" ", 1<<20-1)), canonical.TooLarge, 1<<20, "")
	refuse("number-over-limit", "A number of 4,097 digits, which would be an exact 0.1 otherwise.",
		repeat(times("[0.1", 1), times("0", 4094), times("]", 1)), canonical.TooLarge, 1+4096, "/0")
	refuse("values-over-limit", "65,536 values are read; the array is the first of them.",
		repeat(times("[0", 1), times(",0", 1<<16-1), times("]", 1)), canonical.TooManyValues, 1+2*(1<<16-1), "/65535")
	return out
}

func digestVectors() []vector {
	params := obj{"decisionEventId": "urn:via:event:golden", "outcome": "completed"}
	salt := "AAECAwQFBgcICQoLDA0ODw"
	commitment := must(canonical.Marshal(obj{"params": params, "salt": salt}))
	return []vector{
		{"digests/action-hash-golden", "The published example of an action hash.",
			obj{"op": "actionHash", "mandateId": "urn:via:credential:golden", "action": "report_outcome", "params": params},
			obj{"digest": "sha256-2yRGCiqttP5rmvG/RjaNjsM4PPXcubQigkRRiAbYr9Q="}},
		{"digests/action-hash-spelling", "The hash follows the values of the parameters: order, white space and number spelling do not matter.",
			obj{"op": "actionHash", "mandateId": "urn:via:credential:1", "action": "book", "paramsBytes": text(`{ "nights": 2.0, "amount": 4.205e2 }`)},
			obj{"digest": sri(obj{"mandateId": "urn:via:credential:1", "action": "book", "params": obj{"amount": 420.5, "nights": 2}})}},
		{"digests/params-commitment", "A receipt's commitment is the digest of the parameters with 16 random bytes in base64url.",
			obj{"op": "paramsCommitment", "salt": salt, "params": params},
			obj{"digest": canonical.SRI(sha256.Sum256(commitment))}},
		{"digests/content-digest", "digestSRI is the base64 of the SHA-256 of the canonical form; that of {} is known.",
			obj{"op": "digestSRI", "document": obj{}},
			obj{"digest": canonical.SRI([32]byte(must(hex.DecodeString("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"))))}},
	}
}
