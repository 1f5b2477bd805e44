// Package didreason maps errors of package didresolve to the reason codes of
// decisions.
package didreason

import "github.com/mandate-engine/mandate/didresolve"

// Code returns the reason code for an error of package didresolve, and did_invalid
// for every other error. An outage has no reason code, but Code does not detect
// it: check first that [didresolve.TypeOf] does not return ErrInternal.
func Code(err error) string {
	switch didresolve.TypeOf(err) {
	case didresolve.ErrNotFound:
		return "did_not_found"
	case didresolve.ErrDeactivated:
		return "did_deactivated"
	case didresolve.ErrMethodNotSupported:
		return "did_method_not_supported"
	case didresolve.ErrKeyRevoked:
		return "key_revoked"
	case didresolve.ErrKeyExpired:
		return "key_expired"
	case didresolve.ErrInvalidRelationship, didresolve.ErrMethodNotFound:
		return "key_not_authorized"
	case didresolve.ErrInvalidVerificationMethod, didresolve.ErrInvalidVerificationMethodURL, didresolve.ErrInvalidDIDURL, didresolve.ErrFeatureNotSupported:
		return "verification_method_invalid"
	}
	return "did_invalid"
}
