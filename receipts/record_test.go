package receipts

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/internal/sample"
)

var engine = Engine{Name: "test", Version: "1"}

// signed returns a receipt, and what Verify says of it.
func signed(t *testing.T, sign func(Signer) (*Receipt, error)) (*Receipt, *Verified) {
	t.Helper()
	key, err := NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := sign(key)
	if err != nil {
		t.Fatal(err)
	}
	did, _, _ := strings.Cut(key.VerificationMethod(), "#")
	v, err := Verify(context.Background(), r.Bytes(), VerifyConfig{Issuers: []string{did}, At: r.Time()})
	if err != nil {
		t.Fatal(err)
	}
	if v.Link() != r.Link() || v.ID != r.ID() || !v.Time.Equal(r.Time()) {
		t.Errorf("signed %+v, verified %+v", r.Link(), v.Link())
	}
	return r, v
}

func decision(t *testing.T, n byte, at time.Time, event Event) *Verified {
	t.Helper()
	b := Body{ID: NewID([16]byte{n}), Time: at, Event: event, Decision: "allow", Credential: "urn:x:m", Engine: engine}
	if event == Denied {
		b.Decision, b.Reason = "deny", "rule_failed"
	}
	_, v := signed(t, func(s Signer) (*Receipt, error) { return Sign(context.Background(), b, s) })
	return v
}

func outcome(t *testing.T, n byte, at time.Time, event Event, of Link) *Verified {
	t.Helper()
	_, v := signed(t, func(s Signer) (*Receipt, error) {
		return SignRecord(context.Background(), Record{ID: NewID([16]byte{n}), Time: at, Event: event, OutcomeOf: of, Engine: engine}, s)
	})
	return v
}

func TestRecord(t *testing.T) {
	at := sample.Now()
	allow := decision(t, 1, at, Approved)
	r, v := signed(t, func(s Signer) (*Receipt, error) {
		return SignRecord(context.Background(), Record{ID: NewID([16]byte{2}), Time: at, Event: Completed, Subject: "urn:x:m", OutcomeOf: allow.Link(),
			Digests: map[string]string{"result": "sha256-x"}, Engine: engine}, s)
	})
	if v.Event != Completed || v.Decision != "" || v.Reason != "" || v.OutcomeOf != allow.Link() || v.Credential != "urn:x:m" {
		t.Errorf("got %+v", v)
	}
	if want := `"digests":{"result":"sha256-x"}`; !strings.Contains(string(r.Bytes()), want) {
		t.Errorf("%s lacks %s", r.Bytes(), want)
	}
	for event, isOutcome := range recordEvents {
		of := Link{}
		if isOutcome {
			of = allow.Link()
		}
		if v := outcome(t, 3, at, event, of); v.Event != event || v.OutcomeOf != of || v.Decision != "" {
			t.Errorf("%s: got %+v", event, v)
		}
	}
}

func TestSignRecordRefuses(t *testing.T) {
	key, err := NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	link := Link{NewID([16]byte{1}), "sha256-x"}
	tests := []struct {
		name, want string
		change     func(*Record)
	}{
		{"no event", "is none of a record", func(r *Record) { r.Event = "" }},
		{"the event of a decision", "is none of a record", func(r *Record) { r.Event = Approved }},
		{"an outcome of nothing", "do not fit", func(r *Record) { r.OutcomeOf = Link{} }},
		{"an outcome without digest", "do not fit", func(r *Record) { r.OutcomeOf.Digest = "" }},
		{"an outcome without id", "do not fit", func(r *Record) { r.OutcomeOf.ID = "" }},
		{"no outcome with a link", "do not fit", func(r *Record) { r.Event = MandateIssued }},
		{"no outcome with half a link", "do not fit", func(r *Record) { r.Event, r.OutcomeOf.ID = MandateIssued, "" }},
		{"an outcome of no receipt", "is no receipt", func(r *Record) { r.OutcomeOf.ID = "x" }},
		{"about no URL", "is no URL", func(r *Record) { r.Subject = "passport 1" }},
		{"more than a log takes", "fit into a log", func(r *Record) { r.Digests = map[string]string{"a": strings.Repeat("x", 65_000)} }},
		{"another id", "id", func(r *Record) { r.ID = "urn:x:1" }},
		{"no time", "no time", func(r *Record) { r.Time = time.Time{} }},
		{"no engine", "no engine", func(r *Record) { r.Engine = Engine{} }},
	}
	for _, tt := range tests {
		r := Record{ID: NewID([16]byte{2}), Time: sample.Now(), Event: Completed, OutcomeOf: link, Engine: engine}
		tt.change(&r)
		if out, err := SignRecord(context.Background(), r, key); err == nil || out != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestPair(t *testing.T) {
	at := sample.Now()
	first, second, denied := decision(t, 1, at, Approved), decision(t, 2, at.Add(time.Minute), Approved), decision(t, 3, at, Denied)
	done := outcome(t, 11, at, Completed, first.Link())
	failed := outcome(t, 12, at, Failed, first.Link())
	unknown := outcome(t, 13, at, OutcomeUnknown, first.Link())
	otherBytes := outcome(t, 14, at, Completed, Link{first.ID, "sha256-x"})
	ofDeny := outcome(t, 15, at, Completed, denied.Link())
	revoked := outcome(t, 16, at, MandateRevoked, Link{})
	other := *done
	other.Issuer = "did:x:other"
	const deadline = time.Hour
	tests := []struct {
		name string
		list []*Verified
		at   time.Time
		want string
	}{
		{"nothing", nil, at, ""},
		{"no outcome yet", []*Verified{first, second}, at.Add(deadline - 1), "pending 1, pending 2"},
		{"the deadline of the first", []*Verified{first, second}, at.Add(deadline), "overdue 1, pending 2"},
		{"completed", []*Verified{done, first}, at, "paired 1 by 11"},
		{"completed, late", []*Verified{first, done}, at.Add(2 * deadline), "paired 1 by 11"},
		{"unknown", []*Verified{first, unknown}, at.Add(2 * deadline), "paired 1 by 13"},
		{"unknown, then known", []*Verified{first, unknown, done}, at, "paired 1 by 11"},
		{"known, then unknown", []*Verified{first, done, unknown}, at, "paired 1 by 11"},
		{"both", []*Verified{first, done, failed}, at, "conflict 1 by 11"},
		{"both, and unknown", []*Verified{first, unknown, failed, done}, at, "conflict 1 by 12"},
		{"twice the same", []*Verified{first, first, done, done}, at, "paired 1 by 11"},
		{"a deny has no outcome", []*Verified{denied, ofDeny}, at, "orphan by 15"},
		{"the decision is not there", []*Verified{second, done}, at, "pending 2, orphan by 11"},
		{"another document under the id", []*Verified{first, otherBytes}, at.Add(deadline), "overdue 1, orphan by 14"},
		{"what is no outcome", []*Verified{revoked}, at, ""},
		{"of another issuer", []*Verified{first, &other}, at, "pending 1, orphan by 11"},
	}
	name := func(v *Verified) string { return fmt.Sprint(strings.TrimPrefix(v.ID, idPrefix)[:2]) }
	for _, tt := range tests {
		var got []string
		for _, p := range Pair(tt.list, deadline, tt.at) {
			s := string(p.State)
			if p.Decision != nil {
				var n int
				fmt.Sscanf(name(p.Decision), "%x", &n)
				s += fmt.Sprint(" ", n)
			}
			if p.Outcome != nil {
				var n int
				fmt.Sscanf(name(p.Outcome), "%x", &n)
				s += fmt.Sprint(" by ", n)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, s, tt.want)
		}
	}
}

// TestOutcomesThatAreNone: a receipt whose members do not fit its event is not
// believed, whoever signed it.
func TestOutcomesThatAreNone(t *testing.T) {
	key, err := NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	did, _, _ := strings.Cut(key.VerificationMethod(), "#")
	link := object{"id": NewID([16]byte{1}), "digest": "sha256-x"}
	for name, tt := range map[string]struct {
		subject object
		want    string
	}{
		"an outcome":                {object{"event": "ACTION_COMPLETED", "outcomeOf": link}, ""},
		"an outcome of nothing":     {object{"event": "ACTION_COMPLETED"}, "id is not a string"},
		"an outcome of no receipt":  {object{"event": "ACTION_FAILED", "outcomeOf": object{"id": "urn:x:1", "digest": "x"}}, "names no receipt"},
		"an outcome that decides":   {object{"event": "ACTION_COMPLETED", "outcomeOf": link, "decision": "allow"}, "has no decision"},
		"an outcome with a reason":  {object{"event": "ACTION_FAILED", "outcomeOf": link, "reason": "x"}, "has no reason"},
		"a revocation of an action": {object{"event": "MANDATE_REVOKED", "outcomeOf": link}, "has no outcomeOf"},
		"an unknown event":          {object{"event": "ACTION_STARTED", "outcomeOf": link}, "decision is not a string"},
	} {
		unsigned, err := envelope(NewID([16]byte{2}), did, sample.Now(), engine, tt.subject)
		signed := (&oracleSigner{key}).sign(t, sample.Now(), unsigned, err)
		v, err := Verify(context.Background(), signed, VerifyConfig{Issuers: []string{did}, At: sample.Now()})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || v != nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}
