// Package request answers one question: what has somebody agreed to, and what
// may be done with it? It implements the request flow: it creates requests for
// credentials, sends one-time passwords, records decisions, issues mandates,
// presents and revokes them.
//
// # Calling a Service
//
// A Service is independent of HTTP. Its methods take the calling tenant as
// read from the store, the raw body, and parameters as text, all as received.
// They parse strictly. They return the answer as canonical JSON. If the caller
// can correct an error, it is a [fault.Error]. Any other error is an outage,
// and its text must not be shown to the caller.
//
// # Authority
//
// The tenant that made a request may do everything with it. A tenant whose DID
// is in authorizedDIDs may read the request, its credentials and their
// evidence, and present its mandates. For all other tenants the request does
// not exist: NotFound.
package request
