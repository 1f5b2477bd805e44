// Package httpapi answers one question: how is the engine called over HTTP? It
// implements the HTTP API: routes, authentication of callers, limits and the
// format of responses.
//
// Packages request and passport define requests, mandates and passports and
// the rights of tenants. Package verifier decides what is allowed.
//
// Every route is served with and without the prefix /v1. Every response is
// JSON. Errors, including those for unknown paths, wrong methods, limits and
// panics, are RFC 9457 problem details with a stable code. There are three
// exceptions. A deny has its own format and status 403. The passport routes
// return errors in an envelope {error, meta}. net/http answers invalid HTTP in
// plain text before this package sees it, and an Expect header other than
// 100-continue with 417 and no body.
//
// # Authentication
//
// Each call has a bearer token, the time, and an HMAC-SHA256 of the time and
// the exact bytes of the body. The secret of the HMAC is never sent. The
// signature of a call without a body covers only the time: an attacker who
// captures such a call can make other calls without a body, DELETE included,
// for up to five minutes after it. The signature of a strict key also covers
// method and target; see [Sign]. Neither form prevents an attacker from
// repeating a captured call within the window. Idempotency-Key and one-time
// presentations prevent repetition where it matters. The package does not do
// TLS: put a TLS server in front of it.
package httpapi
