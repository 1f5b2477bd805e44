// Package httpapi answers one question: how is the engine called over HTTP?
//
// It is routes, credentials of callers, limits and the shape of answers, and
// nothing else: what a request, a mandate or a passport is, and who may do what
// with it, is for packages request and passport; what is allowed is for package
// verifier.
//
// Every route is served with and without the prefix /v1. Every answer is JSON,
// those of unknown paths, wrong methods, limits and panics included, as RFC
// 9457 problem details with a stable code. There are three exceptions: a deny
// is an answer of its own, with status 403; passports have errors in an
// envelope {error, meta}; and what is not HTTP at all is answered by net/http,
// in plain text, before this package sees it. So is an Expect header other than
// 100-continue: 417 without a body.
//
// # Who calls
//
// Each call carries a bearer token, the time, and the HMAC-SHA256 of the time
// and the exact bytes of the body, under a secret that is never sent. A call
// without a body signs the time alone: who captures one can make other calls
// without a body, DELETE included, until five minutes after it. A strict key
// signs method, target and body as well; see [Sign]. Neither stops who
// captures a call from repeating that very call within the window; the
// Idempotency-Key and one-time presentations do where it matters. TLS is for
// whatever stands in front.
package httpapi
