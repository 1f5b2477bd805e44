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
		{"a[=1&b]=2&active[x]=1", "search", nil}, // unknown names are ignored
		{"search[0]=a", "search", []string{"a"}},
		{"contact=+351911111111", "contact", []string{"+351911111111"}},
		{"contact=%2B351911111111", "contact", []string{"+351911111111"}},
		{"contact[]=+351911111111", "contact", []string{"+351911111111"}},
		{"contact=+ana@x.example", "contact", []string{" ana@x.example"}},
		{"contact=+", "contact", []string{" "}},
		{"search=+351", "search", []string{" 351"}},
		{"", "search", nil},
	} {
		q, err := query(tt.raw, listParameters)
		if err != nil || !reflect.DeepEqual(q[tt.name], tt.want) {
			t.Errorf("%s: %v %v, want %v", tt.raw, q, err, tt.want)
		}
	}
	for raw, parameter := range map[string]string{"a=%zz": "?", "a;b=1": "?", "securityLevel[x]=CONTACT": "securityLevel[x]", "securityLevel[=CONTACT": "securityLevel[",
		"securityLevel]=CONTACT": "securityLevel]", "securityLevel[-1]=CONTACT": "securityLevel[-1]", "securityLevel[0][1]=CONTACT": "securityLevel[0][1]",
		"securityLevel[0]x=CONTACT": "securityLevel[0]x", "search%5Bx%5D=a": "search[x]", "a=1&contact[to]=b": "contact[to]"} {
		_, err := query(raw, listParameters)
		if p, ok := err.(*problem); !ok || p.code != "invalid_query" || p.parameter != parameter || p.status != 400 {
			t.Errorf("%s: %v, want invalid_query of %s", raw, err, parameter)
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
