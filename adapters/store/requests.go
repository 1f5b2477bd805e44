package store

import "time"

// A Request is one request for credentials, with what belongs to it.
type Request struct {
	ID       string
	TenantID string // the requester
	// Seq orders requests by age. It is unique and ascends with Created.
	Seq           int64
	Created       time.Time
	Canceled      time.Time // zero: not canceled
	SecurityLevel string
	Name          string
	InternalID    string
	Body          []byte // JSON: the members without columns
	Subjects      []Subject
	Credentials   []Credential
}

// A Subject is a person whose consent a request asks for.
type Subject struct {
	Contact    string
	DID        string
	Name       string
	InternalID string
	Code       string // display code
	OTP        []byte // MAC of the one-time password; nil: no password is valid
	OTPUntil   time.Time
	Failures   int
	Notified   bool // the Notifier accepted the last one-time password
	// Resends counts the resent passwords. Resent is the time of the last.
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
	Until      time.Time // end of validity; zero: none
	Body       []byte    // JSON: the rest
	Signed     []byte    // the credential, once issued
	// Slot is the index in the status lists, from 0; -1 before issuance.
	Slot      int64
	Revoked   time.Time
	Decisions []Decision
}

// A Decision is the decision of one subject on one credential.
type Decision struct {
	ID       string
	Contact  string
	Accepted bool
	At       time.Time
	Evidence string // id of the record
}

// An Evidence is a record that credentials reference by its digest.
type Evidence struct {
	ID        string
	RequestID string
	Bytes     []byte
}

// A Filter selects requests of one tenant. An empty field selects all.
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
	// RequestOf returns the request of a credential.
	RequestOf(credentialID string) (*Request, error)
	// ListRequests returns a page, newest first, and the exact number of
	// matching requests. It fills in the Body of each request, but not the
	// Body of other values, nor decisions and signed credentials.
	ListRequests(f Filter) (page []*Request, total int, err error)
	CancelRequest(id string, at time.Time) error
	// Unsent returns at most limit ids of requests with unsent one-time
	// passwords that expire at or before until, those that expire first at the
	// front.
	Unsent(until time.Time, limit int) ([]string, error)
	// PutSubject writes OTP, OTPUntil, Failures, Notified, Resends and Resent
	// of a subject.
	PutSubject(requestID string, s Subject) error
	// PutCredential writes Status, Signed, Slot and Revoked of a credential.
	PutCredential(c Credential) error
	InsertDecision(requestID, credentialID string, d Decision) error
	InsertEvidence(e Evidence) error
	Evidence(id string) (Evidence, error)
	// NextSlot returns the lowest unused slot of the status lists.
	NextSlot() (int64, error)
	// RevokedSlots returns the slots of revoked credentials in [first, end).
	RevokedSlots(first, end int64) ([]int64, error)
}
