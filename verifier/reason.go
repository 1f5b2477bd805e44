package verifier

import "github.com/mandate-engine/mandate/policy"

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
	ReasonDIDPinMismatch            Reason = "did_pin_mismatch"

	// Who.
	ReasonIssuerUntrusted       Reason = "issuer_untrusted"
	ReasonIssuerMismatch        Reason = "issuer_mismatch"
	ReasonHolderMismatch        Reason = "holder_mismatch"
	ReasonHolderNotAuthorized   Reason = "holder_not_authorized"
	ReasonVerifierNotAuthorized Reason = "verifier_not_authorized"

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

// A check has a number, which orders it: of the checks that fail, the lowest
// gives the reason of the deny. Numbers are stable.
type check uint8

const (
	checkVPStructure        check = 10
	checkVPContext          check = 12
	checkVPProofForm        check = 14
	checkVPChallenge        check = 16
	checkVPDomain           check = 17
	checkVPFreshness        check = 18
	checkVCStructure        check = 20
	checkVCContext          check = 22
	checkVCProofForm        check = 24
	checkMandateSelect      check = 26
	checkMandateShape       check = 28
	checkIssuerTrusted      check = 30
	checkIssuerKey          check = 40
	checkVCProof            check = 42
	checkIssuerBinding      check = 44
	checkVCValidity         check = 50
	checkVCStatus           check = 52
	checkVCEvidence         check = 54
	checkHolderAuthorized   check = 60
	checkVerifierAuthorized check = 62
	checkScope              check = 64
	checkHolderKey          check = 70
	checkVPProof            check = 72
	checkHolderBinding      check = 74
	checkActionRequired     check = 80
	checkActionSource       check = 82
	checkActionDigest       check = 84
	checkActionCompile      check = 86
	checkParamsBound        check = 88
	checkUserParams         check = 90
	checkExecutionParams    check = 92
	checkRules              check = 94
	checkReplay             check = 98
)

// checkNames are what the checks are called in answers and receipts.
var checkNames = [...]string{
	checkVPStructure:        "vp.structure",
	checkVPContext:          "vp.context",
	checkVPProofForm:        "vp.proof.form",
	checkVPChallenge:        "vp.challenge",
	checkVPDomain:           "vp.domain",
	checkVPFreshness:        "vp.freshness",
	checkVCStructure:        "vc.structure",
	checkVCContext:          "vc.context",
	checkVCProofForm:        "vc.proof.form",
	checkMandateSelect:      "mandate.select",
	checkMandateShape:       "mandate.shape",
	checkIssuerTrusted:      "issuer.trusted",
	checkIssuerKey:          "issuer.key",
	checkVCProof:            "vc.proof",
	checkIssuerBinding:      "issuer.binding",
	checkVCValidity:         "vc.validity",
	checkVCStatus:           "vc.status",
	checkVCEvidence:         "vc.evidence",
	checkHolderAuthorized:   "holder.authorized",
	checkVerifierAuthorized: "verifier.authorized",
	checkScope:              "scope",
	checkHolderKey:          "holder.key",
	checkVPProof:            "vp.proof",
	checkHolderBinding:      "holder.binding",
	checkActionRequired:     "action.required",
	checkActionSource:       "action.source",
	checkActionDigest:       "action.digest",
	checkActionCompile:      "action.compile",
	checkParamsBound:        "params.bound",
	checkUserParams:         "userParams.shape",
	checkExecutionParams:    "executionParams.shape",
	checkRules:              "rules",
	checkReplay:             "replay",
}

func (c check) String() string { return checkNames[c] }

// policyReasons maps what the policy package decides to reasons and checks.
// A reason that is not in it denies as an error of the rules.
var policyReasons = map[policy.Reason]struct {
	check  check
	reason Reason
}{
	policy.ReasonUserParamsInvalid:      {checkUserParams, ReasonUserParamsInvalid},
	policy.ReasonExecutionParamsInvalid: {checkExecutionParams, ReasonExecutionParamsInvalid},
	policy.ReasonRuleFailed:             {checkRules, ReasonRuleFailed},
	policy.ReasonRuleError:              {checkRules, ReasonRuleError},
}
