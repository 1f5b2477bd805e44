package verifier

// A Reason says why a request was denied. The texts are stable.
type Reason string

// The reasons of a deny, in groups.
const (
	// Data Integrity.
	ReasonProofMissing             Reason = "proof_missing"
	ReasonCredentialUnsecured      Reason = "credential_unsecured"
	ReasonProofInvalid             Reason = "proof_invalid"
	ReasonProofExpired             Reason = "proof_expired"
	ReasonProofFromFuture          Reason = "proof_from_future"
	ReasonProofPurposeMismatch     Reason = "proof_purpose_mismatch"
	ReasonUnsupportedCryptosuite   Reason = "unsupported_cryptosuite"
	ReasonTooManyProofs            Reason = "too_many_proofs"
	ReasonCredentialAmbiguousProof Reason = "credential_ambiguous_proof"

	// Binding and replay.
	ReasonChallengeMismatch    Reason = "challenge_mismatch"
	ReasonDomainMismatch       Reason = "domain_mismatch"
	ReasonParamsMismatch       Reason = "params_mismatch"
	ReasonPresentationStale    Reason = "presentation_stale"
	ReasonPresentationReplayed Reason = "presentation_replayed"

	// Keys.
	ReasonVerificationMethodInvalid Reason = "verification_method_invalid"
	ReasonKeyNotAuthorized          Reason = "key_not_authorized"
	ReasonKeyRevoked                Reason = "key_revoked"
	ReasonKeyExpired                Reason = "key_expired"
	ReasonDIDNotFound               Reason = "did_not_found"
	ReasonDIDInvalid                Reason = "did_invalid"
	ReasonDIDDeactivated            Reason = "did_deactivated"
	ReasonDIDMethodNotSupported     Reason = "did_method_not_supported"

	// Who.
	ReasonIssuerUntrusted       Reason = "issuer_untrusted"
	ReasonIssuerMismatch        Reason = "issuer_mismatch"
	ReasonHolderMismatch        Reason = "holder_mismatch"
	ReasonHolderNotAuthorized   Reason = "holder_not_authorized"
	ReasonVerifierNotAuthorized Reason = "verifier_not_authorized"
	ReasonGrantorProofMissing   Reason = "grantor_proof_missing"

	// Structure.
	ReasonMalformedPresentation Reason = "malformed_presentation"
	ReasonMalformedCredential   Reason = "malformed_credential"
	ReasonContextNotAllowed     Reason = "context_not_allowed"
	ReasonCredentialEnveloped   Reason = "credential_enveloped"
	ReasonNoMandate             Reason = "no_mandate"
	ReasonAmbiguousMandate      Reason = "ambiguous_mandate"

	// Validity and status.
	ReasonCredentialNotYetValid Reason = "credential_not_yet_valid"
	ReasonCredentialExpired     Reason = "credential_expired"
	ReasonCredentialRevoked     Reason = "credential_revoked"
	ReasonCredentialSuspended   Reason = "credential_suspended"
	ReasonStatusUnknown         Reason = "status_unknown"
	ReasonStatusStale           Reason = "status_stale"
	ReasonEvidenceMismatch      Reason = "evidence_mismatch"

	// Scope and policy.
	ReasonScopeMismatch          Reason = "scope_mismatch"
	ReasonActionRequired         Reason = "action_required"
	ReasonActionUnavailable      Reason = "action_unavailable"
	ReasonActionDigestMismatch   Reason = "action_digest_mismatch"
	ReasonActionInvalid          Reason = "action_invalid"
	ReasonUserParamsInvalid      Reason = "user_params_invalid"
	ReasonExecutionParamsInvalid Reason = "execution_params_invalid"
	ReasonRuleFailed             Reason = "rule_failed"
	ReasonRuleError              Reason = "rule_error"
)
