package vcdm

import (
	"strings"
	"testing"
)

func TestIsURL(t *testing.T) {
	for s, want := range map[string]bool{
		"https://a.example/": true, "did:key:z6": true, "urn:x:1": true, "a:b": true, "x+y-1.0:z": true, "did:web:humanos:contact:": true,
		"": false, ":": false, "a:": false, ":b": false, "1a:b": false, "no url": false, "a b:c": false, "a:b c": false,
		"urn:\"quoted\"": true, `urn:back\slash`: true, "urn:é": true, "urn:é é": false, "urn:é\x7f": false, "urn:\"\t": false, "urn:x\x7f": false,
		"urn:" + strings.Repeat("x", 100): true, "urn:" + strings.Repeat("x", 100) + " ": false, "urn:" + strings.Repeat("x", 100) + "\x1f": false,
		"a:\x00": false, "http:\n//x": false, "é:x": false, "plain": false, "https": false,
	} {
		if got := IsURL(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
