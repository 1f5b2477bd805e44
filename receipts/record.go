package receipts

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
)

// Events of the second phase: what became of an action that was allowed.
const (
	Completed      Event = "ACTION_COMPLETED"
	Failed         Event = "ACTION_FAILED"
	OutcomeUnknown Event = "ACTION_OUTCOME_UNKNOWN" // nothing was heard by a deadline
)

// Events of the life of mandates, presentations, identities and the log.
const (
	MandateIssued       Event = "MANDATE_ISSUED"
	MandateRevoked      Event = "MANDATE_REVOKED"
	PresentationCreated Event = "VP_CREATED"
	PresentationDenied  Event = "VP_DENIED"
	PassportRegistered  Event = "PASSPORT_REGISTERED"
	LogGap              Event = "LOG_GAP" // a log may have lost what it acknowledged
)

// recordEvents are the events of a Record, and whether they are outcomes.
var recordEvents = map[Event]bool{Completed: true, Failed: true, OutcomeUnknown: true, MandateIssued: false, MandateRevoked: false,
	PresentationCreated: false, PresentationDenied: false, PassportRegistered: false, LogGap: false}

// A Record is what a receipt says that records no decision of its own. Empty
// optional fields are left out.
type Record struct {
	ID      string    // urn:via:receipt:…, required
	Time    time.Time // required; recorded to the millisecond, in UTC
	Event   Event     // required; neither Approved nor Denied
	Subject string    // id of what it is about: a mandate, a passport
	// OutcomeOf is the receipt of the decision that allowed the action; of the
	// outcome events alone, and required there.
	OutcomeOf Link
	// Digests are SRI digests by name, such as that of what an action returned.
	// What they are of stays with the caller.
	Digests map[string]string
	Engine  Engine
}

// A Link names one receipt.
type Link struct {
	ID     string
	Digest string // SRI of the receipt's bytes
}

// Link returns what names the receipt in others.
func (r *Receipt) Link() Link { return Link{r.id, sri(r.bytes)} }

// Link returns what names the receipt in others.
func (v *Verified) Link() Link { return Link{v.ID, canonical.SRI(v.Document.SHA256())} }

// SignRecord builds the receipt of a record and signs it.
func SignRecord(ctx context.Context, record Record, signer Signer) (*Receipt, error) {
	return sign(ctx, record.ID, record.Time, record.Engine, signer, nil, &record)
}

// A Pairing says what is known of the outcome of one allowed action, or of an
// outcome that belongs to none.
type Pairing struct {
	State    PairState
	Decision *Verified // nil for Orphan
	Outcome  *Verified // nil for Pending and Overdue
}

// A PairState is what is known of an outcome.
type PairState string

// The states of a Pairing.
const (
	Paired   PairState = "paired"
	Pending  PairState = "pending"  // no outcome yet, and the deadline has not passed
	Overdue  PairState = "overdue"  // no outcome by the deadline: time for an ACTION_OUTCOME_UNKNOWN
	Conflict PairState = "conflict" // completed and failed
	Orphan   PairState = "orphan"   // the decision is not there, was a deny, or is of another document or issuer
)

// Pair matches allows with their outcomes, in the order of the list; orphans come
// last. deadline is how long after its decision an action may take. An unknown
// outcome gives way to one that is known later.
//
// It sees what it is given: with a log whose completeness is not proven, nothing
// shows that an outcome does not exist.
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
			delete(allowed, link) // one decision, however often it is listed
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

// record checks the members of a receipt that records no decision.
func (r *receiptReader) record(v *Verified, subject canonical.Value) {
	isOutcome := recordEvents[v.Event]
	link := subject.Get("outcomeOf")
	if isOutcome {
		v.OutcomeOf = Link{r.str(link, "id"), r.str(link, "digest")}
	}
	present := []string{"decision", "reason"}
	if !isOutcome {
		present = append(present, "outcomeOf")
	}
	if i := slices.IndexFunc(present, func(name string) bool { return subject.Get(name).Kind() != canonical.Absent }); i >= 0 && r.err == nil {
		r.err = notVerified("event %.40q has no %s", v.Event, present[i])
	}
	if isOutcome && r.err == nil && !strings.HasPrefix(v.OutcomeOf.ID, idPrefix) {
		r.err = notVerified("outcomeOf names no receipt")
	}
}
