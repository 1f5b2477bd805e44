package receipts

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonread"
)

// Events that tell the outcome of an allowed action.
const (
	Completed      Event = "ACTION_COMPLETED"
	Failed         Event = "ACTION_FAILED"
	OutcomeUnknown Event = "ACTION_OUTCOME_UNKNOWN" // no outcome was reported by a deadline
)

// Events of the life of mandates, presentations, identities and the log.
const (
	MandateIssued       Event = "MANDATE_ISSUED"
	MandateRevoked      Event = "MANDATE_REVOKED"
	PresentationCreated Event = "VP_CREATED"
	PresentationDenied  Event = "VP_DENIED"
	PassportRegistered  Event = "PASSPORT_REGISTERED"
	LogGap              Event = "LOG_GAP" // a log may have lost acknowledged entries
)

// recordEvents are the events that a Record may have. The value is true for
// outcomes.
var recordEvents = map[Event]bool{Completed: true, Failed: true, OutcomeUnknown: true, MandateIssued: false, MandateRevoked: false,
	PresentationCreated: false, PresentationDenied: false, PassportRegistered: false, LogGap: false}

// A Record is the content of a receipt for an event other than a decision. Empty
// optional fields are left out.
type Record struct {
	ID      string    // urn:via:receipt:…, required
	Time    time.Time // required; recorded to the millisecond, in UTC
	Event   Event     // required; neither Approved nor Denied
	Subject string    // id of the mandate, passport or other subject of the event
	// OutcomeOf is the receipt of the decision that allowed the action. Outcome
	// events require it; other events must not have it.
	OutcomeOf Link
	// Digests are SRI digests by name, such as the digest of an action's result.
	// The caller keeps the data.
	Digests map[string]string
	Engine  Engine
}

// A Link refers to one receipt.
type Link struct {
	ID     string
	Digest string // SRI of the receipt's bytes
}

// Link returns the link by which other receipts refer to this one.
func (r *Receipt) Link() Link { return Link{r.id, sri(r.bytes)} }

// Link returns the link by which other receipts refer to this one.
func (v *Verified) Link() Link { return Link{v.ID, canonical.SRI(v.Document.SHA256())} }

// SignRecord builds the receipt of a record and signs it.
func SignRecord(ctx context.Context, record Record, signer Signer) (*Receipt, error) {
	return sign(ctx, record.ID, record.Time, record.Engine, signer, nil, &record)
}

// A Pairing is an allow and its outcome, or either of them alone.
type Pairing struct {
	State    PairState
	Decision *Verified // nil for Orphan
	Outcome  *Verified // nil for Pending and Overdue
}

// A PairState tells whether an allow and an outcome belong together.
type PairState string

// The states of a Pairing.
const (
	Paired   PairState = "paired"
	Pending  PairState = "pending"  // no outcome yet, before the deadline
	Overdue  PairState = "overdue"  // no outcome by the deadline: record ACTION_OUTCOME_UNKNOWN
	Conflict PairState = "conflict" // one outcome says completed, another failed
	Orphan   PairState = "orphan"   // an outcome whose allow is not in the list, has other bytes, or another issuer
)

// Pair matches allows with their outcomes, in the order of the list. Orphans come
// last. An outcome is overdue when deadline has passed since the decision. A known
// outcome replaces OutcomeUnknown.
//
// Pair sees only the list: unless the log is proven to be complete, an outcome may
// exist that is not in it.
func Pair(list []*Verified, deadline time.Duration, at time.Time) []Pairing {
	outcomes := map[Link][]*Verified{}
	var orphans []*Verified
	allowed := map[Link]*Verified{}
	for _, v := range list {
		if v.Event == Approved {
			allowed[v.Link()] = v
		}
	}
	for _, v := range list {
		switch {
		case v.OutcomeOf == (Link{}):
		case allowed[v.OutcomeOf] != nil && allowed[v.OutcomeOf].Issuer == v.Issuer:
			outcomes[v.OutcomeOf] = append(outcomes[v.OutcomeOf], v)
		default:
			orphans = append(orphans, v)
		}
	}
	var out []Pairing
	for _, v := range list {
		if link := v.Link(); allowed[link] != nil {
			out = append(out, pair(v, outcomes[link], !at.Before(v.Time.Add(deadline))))
			delete(allowed, link) // a decision that is listed twice gets one Pairing
		}
	}
	for _, o := range orphans {
		out = append(out, Pairing{Orphan, nil, o})
	}
	return out
}

func pair(decision *Verified, outcomes []*Verified, late bool) Pairing {
	p := Pairing{State: Pending, Decision: decision}
	if late {
		p.State = Overdue
	}
	events := map[Event]bool{}
	for _, o := range outcomes {
		events[o.Event] = true
		if p.Outcome == nil || p.Outcome.Event == OutcomeUnknown {
			p.Outcome, p.State = o, Paired
		}
	}
	if events[Completed] && events[Failed] {
		p.State = Conflict
	}
	return p
}

// readRecord reads the subject of a receipt that records no decision.
func readRecord(v *Verified, subject *jsonread.Reader) {
	isOutcome := recordEvents[v.Event]
	if isOutcome {
		link := subject.In(subject.At.Get("outcomeOf"))
		v.OutcomeOf = Link{filled(&link, "id"), filled(&link, "digest")}
	}
	present := []string{"decision", "reason"}
	if !isOutcome {
		present = append(present, "outcomeOf")
	}
	if i := slices.IndexFunc(present, subject.Has); i >= 0 {
		subject.Fail(subject.At, "event %.40q has no %s", v.Event, present[i])
	}
	if isOutcome && !strings.HasPrefix(v.OutcomeOf.ID, idPrefix) {
		subject.Fail(subject.At, "outcomeOf names no receipt")
	}
}
