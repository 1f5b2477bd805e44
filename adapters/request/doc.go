// Package request answers one question: what has somebody agreed to, and what
// may be done with it? It makes requests for credentials, sends one-time
// passwords, takes decisions, issues mandates, presents and revokes them.
//
// # Calling it
//
// A Service knows nothing of HTTP. Its methods take the tenant that calls, as
// whoever let it in read it from the store, the raw body, and parameters as text,
// all as they were received: it reads them strictly. What they return is the JSON
// of the answer, in canonical form. An error is a [fault.Error] when the caller
// can do something about it; any other one is an outage, whose text must not be
// shown to the caller.
//
// # Authority
//
// The tenant that made a request may do everything with it. A tenant whose DID is
// in its authorizedDIDs may read it, its credentials and their evidences, and
// present its mandates. To anybody else there is no such request: NotFound.
package request
