package store

import "time"

// A Request is one request for credentials, with what belongs to it.
type Request struct {
	ID       string
	TenantID string // the requester
	// Seq orders requests by age: unique, and ascending with Created.
	Seq           int64
	Created       time.Time
	Canceled      time.Time // zero: not
	SecurityLevel string
	Name          string
	InternalID    string
	Body          []byte // JSON: the members that are neither searched nor filtered by
	Subjects      []Subject
	Credentials   []Credential
}

// A Subject is somebody whose consent a request asks for.
type Subject struct {
	Contact    string
	DID        string
	Name       string
	InternalID string
	Code       string // display code
	OTP        []byte // what tells whether a one-time password is right; nil: none is valid
	OTPUntil   time.Time
	Failures   int
	Notified   bool // the last one-time password was handed over
	// Resends is how often another was asked for, Resent when last.
	Resends int
	Resent  time.Time
}

// A Credential is one credential of a request.
type Credential struct {
	ID         string
	RequestID  string
	Type       string // DOCUMENT, CONSENT, JSON, POLICY, FORM
	Status     string // DRAFT, ACTIVE, REJECTED, CANCELED, REVOKED
	Name       string
	InternalID string
	Until      time.Time // of its validity; zero: none
	Body       []byte    // JSON: the rest
	Signed     []byte    // the credential, once issued
	// Slot is its place in the status lists, from 0; -1 before it is issued.
	Slot      int64
	Revoked   time.Time
	Decisions []Decision
}

// A Decision is what one subject said to one credential.
type Decision struct {
	ID       string
	Contact  string
	Accepted bool
	At       time.Time
	Evidence string // id of the record
}

// An Evidence is a record that credentials refer to by its digest.
type Evidence struct {
	ID        string
	RequestID string
	Bytes     []byte
}

// A Filter chooses requests of one tenant. Empty fields choose all.
type Filter struct {
	TenantID             string
	Search               string // substring, case-insensitive
	Contact              string
	DID                  string
	SubjectInternalID    string
	InternalID           string
	CredentialInternalID string
	SecurityLevels       []string
	From, To             time.Time // created at or after From and before To
	Offset, Limit        int
}

// Requests of tenants.
type Requests interface {
	InsertRequest(r *Request) error // ErrExists when ID or Seq is taken
	Request(id string) (*Request, error)
	// RequestOf returns the request that a credential belongs to.
	RequestOf(credentialID string) (*Request, error)
	// ListRequests returns a page, newest first, and the exact number of
	// requests that fit. Neither Body of what it returns, nor decisions and
	// signed credentials, are filled in, but for the Body of the request.
	ListRequests(f Filter) (page []*Request, total int, err error)
	CancelRequest(id string, at time.Time) error
	// Unsent returns the ids of requests with one-time passwords that were not
	// handed over and end at or before until: of at most limit of them, those
	// that end first.
	Unsent(until time.Time, limit int) ([]string, error)
	// PutSubject writes OTP, OTPUntil, Failures, Notified, Resends and Resent of
	// a subject.
	PutSubject(requestID string, s Subject) error
	// PutCredential writes Status, Signed, Slot and Revoked of a credential.
	PutCredential(c Credential) error
	InsertDecision(requestID, credentialID string, d Decision) error
	InsertEvidence(e Evidence) error
	Evidence(id string) (Evidence, error)
	// NextSlot returns the lowest slot of the status lists that was never used.
	NextSlot() (int64, error)
	// RevokedSlots returns the slots of revoked credentials from first to below end.
	RevokedSlots(first, end int64) ([]int64, error)
}
