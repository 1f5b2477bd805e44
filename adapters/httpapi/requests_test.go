package httpapi

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestQuery(t *testing.T) {
	levels := []string{"CONTACT", "HUMANOS_KYC"}
	for _, tt := range []struct {
		raw, name string
		want      []string
	}{
		{"securityLevel=CONTACT&securityLevel=HUMANOS_KYC", "securityLevel", levels},
		{"securityLevel[]=CONTACT&securityLevel[]=HUMANOS_KYC", "securityLevel", levels},
		{"securityLevel%5B%5D=CONTACT,HUMANOS_KYC", "securityLevel", levels},
		{"securityLevel=CONTACT%2CHUMANOS_KYC", "securityLevel", levels},
		{"securityLevel%5B0%5D=CONTACT", "securityLevel", levels[:1]},
		{"securityLevel=", "securityLevel", []string{""}},
		{"search=a,b", "search", []string{"a,b"}},
		{"search=a+b%20c", "search", []string{"a b c"}},
		{"a[b]=1", "a[b]", []string{"1"}},
		{"[0]=1", "[0]", []string{"1"}},
		{"", "search", nil},
	} {
		q, err := query(tt.raw, "securityLevel")
		if err != nil || !reflect.DeepEqual(q[tt.name], tt.want) {
			t.Errorf("%s: %v %v, want %v", tt.raw, q, err, tt.want)
		}
	}
	for _, raw := range []string{"a=%zz", "a;b=1"} {
		if _, err := query(raw); err == nil || err.(*problem).code != "invalid_query" {
			t.Errorf("%s: %v, want invalid_query", raw, err)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	for _, tt := range []struct {
		name  string
		given []string
		want  string
		ok    bool
	}{
		{"none", nil, "", true},
		{"bare", []string{"a96d14c5-8e60-4f6b-9d80-5c18c0e4202a"}, "a96d14c5-8e60-4f6b-9d80-5c18c0e4202a", true},
		{"in quotes", []string{`"a96d14c5"`}, "a96d14c5", true},
		{"the longest", []string{strings.Repeat("k", 255)}, strings.Repeat("k", 255), true},
		{"empty", []string{""}, "", false},
		{"empty in quotes", []string{`""`}, "", false},
		{"one quote", []string{`"`}, "", false},
		{"too long", []string{strings.Repeat("k", 256)}, "", false},
		{"twice", []string{"a", "a"}, "", false},
		{"a space", []string{"a b"}, "", false},
		{"an escape", []string{`"a\"b"`}, "", false},
		{"beyond ASCII", []string{"é"}, "", false},
	} {
		got, err := idempotencyKey(http.Header{"Idempotency-Key": tt.given})
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%s: %q %v, want %q", tt.name, got, err, tt.want)
		}
		if err != nil && (err.(*problem).code != "invalid_idempotency_key" || err.(*problem).header != "Idempotency-Key") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
