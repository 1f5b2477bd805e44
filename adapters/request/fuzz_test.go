package request

import (
	"testing"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/adapters/fault"
)

// caller fails if an error is not one that the caller can correct.
func caller(t *testing.T, sent []byte, err error) {
	t.Helper()
	if err != nil && fault.CodeOf(err) == "" {
		t.Errorf("%q: an outage: %v", sent, err)
	}
}

// FuzzCreate checks that any input is a fault of the caller or within all
// limits.
func FuzzCreate(f *testing.F) {
	for _, s := range []string{`{"contacts":["a@x.example","+351911111111"],"name":"n","credentials":[{"type":"JSON","data":[{"label":"a","type":"b","value":1}]}]}`,
		`{"contacts":["A@x.example","a@X.example"],"resourcesIds":["r"],"authorizedDIDs":["did:x:1"],"expectedDocIds":[{"contact":"a@x.example","docId":"1"}]}`,
		`{"contacts":["a@x.example"],"credentials":[{"type":"POLICY","scope":"a.b","validFrom":"2026-01-01","validUntil":null,"action":{"id":"x","userParams":{"m":{"value":1}}}}]}`,
		`{"contacts":["a@x.example"],"credentials":[{"type":"DOCUMENT","data":["JVBERi0="],"placements":[{"contact":"a@x.example","type":"SIGNATURE","x":1,"y":0,"width":1e9,"height":1,"pageIndex":0}]}]}`, `{}`, `[`, `{"contacts":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := readInput(body)
		if caller(t, body, err); err != nil {
			return
		}
		seen := map[string]bool{}
		for _, c := range in.contacts {
			if seen[c] || !isContact(c) || c != normalize(c) {
				t.Errorf("%q: the contact %q", body, c)
			}
			seen[c] = true
		}
		if n := len(in.contacts); n == 0 || n > maxContacts || len(in.credentials) > maxCredentials || len(in.credentials)+len(in.groups)+len(in.resources) == 0 || utf8.RuneCountInString(in.name) > maxText {
			t.Errorf("%q: beyond a limit", body)
		}
		for _, c := range in.credentials {
			if c.kind == typePolicy && (c.action == "" || c.scope == "") || c.kind != typePolicy && c.action != "" || !c.from.IsZero() && !c.until.IsZero() && c.until.Before(c.from) {
				t.Errorf("%q: a credential %+v", body, c)
			}
		}
	})
}

// FuzzDecision checks that an accepted decision names a contact and accepts or
// rejects.
func FuzzDecision(f *testing.F) {
	for _, s := range []string{`{"contact":"a@x.example","otp":"12345678","accepted":true}`, `{"contact":"a","otp":"1","accepted":false,"credentialIds":["u"]}`, `{"accepted":"true"}`, `{"contact":"a","otp":"1","accepted":true,"credentialIds":[]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := readDecision(body)
		if caller(t, body, err); err == nil && (d.contact == "" || d.otp == "" || len(d.credentials) > maxAll) {
			t.Errorf("%q: %+v", body, d)
		}
	})
}

// FuzzFilter checks that an accepted filter is within its bounds.
func FuzzFilter(f *testing.F) {
	for _, s := range [][2]string{{"pageSize", "5"}, {"pageIndex", "99999999999999999999"}, {"dateFrom", "2026-01-01"}, {"securityLevel", "CONTACT"}, {"search", "a\xff"}, {"pageSize", "+5"}} {
		f.Add(s[0], s[1], "dateTo", "2026-01-02T00:00:00Z")
	}
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		got, err := filter(map[string][]string{a: {b}, c: {d}})
		if caller(t, []byte(a+"="+b+"&"+c+"="+d), err); err != nil {
			return
		}
		if got.Limit < 5 || got.Limit > 100 || got.Offset < 0 || utf8.RuneCountInString(got.Search) > 120 || len(got.SecurityLevels) > len(levels) || !got.To.IsZero() && !got.From.Before(got.To) {
			t.Errorf("%q=%q %q=%q: %+v", a, b, c, d, got)
		}
	})
}
