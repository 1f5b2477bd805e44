package httpapi

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
)

// A fieldRow describes the handling of fields and names the test for it.
type fieldRow struct{ fields, behaviour, test string }

// A table has the rows of one direction of one call. seed and examples select
// the JSON objects of a document.
type table struct {
	title    string
	seed     string
	examples []int
	params   []string // parameters documented beside these examples
	rows     []fieldRow
}

const refuses, life, seedTest = "httpapi.TestCreateRefuses", "httpapi.TestLife", "httpapi.TestSeedExamples"

var vcRows = func(prefix string) []fieldRow {
	in := func(names string) string {
		return prefix + strings.ReplaceAll(names, " ", " "+prefix)
	}
	return []fieldRow{
		{in("@context type"), "VC Data Model 2.0 and VIAMandate; anything else is denied", life},
		{in("id"), "opaque, compared byte for byte; new ones are urn:via:credential:<uuid>", seedTest},
		{in("issuer"), "the service's DID; another one is `issuer_untrusted` unless it is trusted", seedTest},
		{in("validFrom validUntil"), "when the mandate is valid; null counts as absent", "testvectors.TestCorpus"},
		{in("credentialSubject credentialSubject.id"), "the first subject of the request", life},
		{in("credentialSubject.mandate credentialSubject.mandate.scope"), "as in the request", seedTest},
		{in("credentialSubject.mandate.grantor"), "every subject", seedTest},
		{in("credentialSubject.mandate.context credentialSubject.mandate.context.authorizedDIDs"), "the DIDs that may read, present and verify; the service appends the requester", "httpapi.TestAuthority"},
		{in("evidences evidences[].id evidences[].digestSRI evidences[].location"), "one record for each decision; the digest covers the bytes at location", life},
		{in("proofs"), "read as the VIA profile when there is no `proof`; `[]` while the mandate is a draft; an issued mandate has the W3C member `proof`", "docs/http.md"},
		{in("proofs[].type proofs[].cryptosuite proofs[].verificationMethod proofs[].created proofs[].proofPurpose proofs[].proofValue"), "eddsa-jcs-2022, for assertionMethod, by a key of the issuer", "testvectors.TestCorpus"},
	}
}

var tables = []table{
	{"POST /request, body", "000", []int{0, 2}, []string{"Idempotency-Key", "API-Version", "contacts", "name", "securityLevel", "groupIds", "resourcesIds", "credentials", "language", "redirectUrl", "internalId", "pubKey", "authorizedDIDs", "expectedDocIds"}, []fieldRow{
		{"Idempotency-Key", "the same key and bytes get the same answer for 24 hours, other bytes 422", "httpapi.TestIdempotency"},
		{"API-Version", "the newest version that is not newer than the date; 400 when it is not a date, or before the first version", "httpapi.TestAPIVersion"},
		{"contacts", "1 to 100 e-mail addresses or E.164 numbers, all different; one subject for each", refuses},
		{"name internalId", "at most 200 characters; stored, searched, returned", "httpapi.TestListFilters"},
		{"securityLevel", "one of four levels, CONTACT by default; a decision at a higher level needs an identity", "httpapi.TestSecurityLevel"},
		{"groupIds resourcesIds", "at most 50 known ids; the service copies their contents into credentials", seedTest},
		{"credentials", "at most 10; at least one of the three sources", refuses},
		{"credentials[].type", "DOCUMENT, CONSENT, JSON, POLICY", refuses},
		{"credentials[].name credentials[].description credentials[].internalId", "at most 200 characters; returned", refuses},
		{"credentials[].scope", "at most 128 characters, words joined by dots; required for POLICY", refuses},
		{"credentials[].validFrom credentials[].validUntil", "a date or a time; validFrom is before validUntil; after validUntil the status is EXPIRED", refuses},
		{"credentials[].data", "a PDF in base64, or labelled values", refuses},
		{"credentials[].placements credentials[].placements[].contact credentials[].placements[].type credentials[].placements[].x credentials[].placements[].y credentials[].placements[].width credentials[].placements[].height credentials[].placements[].pageIndex credentials[].placements[].identityType", "checked, stored, returned by GET /request/{id}", refuses},
		{"language", "ENG or PRT, ENG by default: the language of the notification", refuses},
		{"redirectUrl", "https, at most 2,048 bytes; returned", refuses},
		{"pubKey", "a P-256 SPKI in base64; stored", refuses},
		{"authorizedDIDs", "at most 100 DIDs that may read, present and verify; the service appends the requester", "httpapi.TestAuthority"},
		{"expectedDocIds expectedDocIds[].contact expectedDocIds[].docId contact docId", "must match the document of the identity, 409 otherwise; a plain list of texts is refused", refuses},
	}},
	{"POST /request, answer", "000", []int{1}, []string{"id", "subjects"}, []fieldRow{
		{"id", "24 hex digits", seedTest},
		{"credentials credentials[].id credentials[].name credentials[].internalId", "as in the request; ids are urn:via:credential:<uuid>", seedTest},
		{"subjects subjects[].contact subjects[].id subjects[].link", "one for each contact, in the given order; id is a DID", seedTest},
		{"subjects[].code", "a code for display; it does not authorize a decision", "httpapi.TestOneTimePassword"},
	}},
	{"GET /request/{id}", "001", []int{0}, []string{"API-Version", "requestId", "id", "securityLevel", "createdAt", "subjects", "credentials", "name", "language", "redirectUrl", "internalId", "canceledAt"}, slices.Concat([]fieldRow{
		{"API-Version", "as on create", "httpapi.TestAPIVersion"},
		{"requestId", "24 hex digits, 400 otherwise; 404 when unknown or of another tenant", "httpapi.TestListRefuses"},
		{"id securityLevel createdAt name language redirectUrl internalId", "as created", seedTest},
		{"canceledAt", "null until the request is cancelled", seedTest},
		{"subjects subjects[].contacts subjects[].contacts[].id subjects[].contacts[].contact subjects[].contact subjects[].internalId subjects[].id subjects[].createdAt subjects[].organization subjects[].organization.contacts", "one for each contact", seedTest},
		{"subjects[].identityStatus subjects[].kyc", "NONE or HUMANOS; kyc is null unless the security level requires it", seedTest},
		{"credentials credentials[].id credentials[].resourceType credentials[].name credentials[].description credentials[].internalId credentials[].tags", "as created", seedTest},
		{"credentials[].status", "DRAFT, ACTIVE, REJECTED, CANCELED, REVOKED, EXPIRED", "httpapi.TestReject"},
		{"credentials[].w3cCredential", "unsigned while it is a draft, then the signed mandate", life},
		{"credentials[].decisions credentials[].decisions[].id credentials[].decisions[].contact credentials[].decisions[].accepted credentials[].decisions[].decidedAt", "one for each subject that has decided", seedTest},
	}, vcRows("credentials[].w3cCredential."))},
	{"GET /request", "002", []int{0}, []string{"pageIndex", "pageSize", "contact", "did", "subjectInternalId", "internalId", "credentialInternalId", "securityLevel", "dateFrom", "dateTo", "data", "totalPages"}, []fieldRow{
		{"pageIndex pageSize", "pageIndex from 0; pageSize 5 to 100, 10 by default; 400 otherwise", "httpapi.TestListRefuses"},
		{"search contact did subjectInternalId internalId credentialInternalId securityLevel dateFrom dateTo", "a filter; all filters apply; lists in four spellings, dates as UTC days", "httpapi.TestListFilters"},
		{"data data[].id data[].securityLevel data[].createdAt data[].name data[].language data[].redirectUrl data[].internalId data[].credentials data[].credentials[].id data[].credentials[].resourceType data[].credentials[].name data[].credentials[].internalId data[].subjects data[].subjects[].contact data[].subjects[].did data[].subjects[].internalId data[].subjects[].name", "as created, newest first", seedTest},
		{"data[].credentials[].status", "as in GET /request/{id}, but PENDING for DRAFT", "httpapi.TestListFilters"},
		{"totalPages", "exact", seedTest},
	}},
	{"POST /credential/verify, body", "003", []int{0}, []string{"API-Version", "presentation", "executionParams"}, slices.Concat([]fieldRow{
		{"API-Version", "as on create", "httpapi.TestAPIVersion"},
		{"presentation", "a W3C presentation; 400 otherwise", "httpapi.TestVerify"},
		{"presentation.@context presentation.type", "checked; 400 without the type VerifiablePresentation", "httpapi.TestVerify"},
		{"presentation.holder", "must be named by the mandate and must have signed", life},
		{"presentation.verifiableCredential", "one mandate, or a list with exactly one", "testvectors.TestCorpus"},
		{"presentation.proof presentation.proof.type presentation.proof.cryptosuite presentation.proof.created presentation.proof.proofPurpose presentation.proof.proofValue", "eddsa-jcs-2022, for authentication, at most five minutes old, used once", "httpapi.TestVerifyTwice"},
		{"presentation.proof.verificationMethod", "a DID URL with a fragment; the example's has none and is denied", seedTest},
		{"executionParams", "an object, {} by default; must fit the shape that the action declares", "httpapi.TestVerify"},
	}, vcRows("presentation.verifiableCredential."))},
	{"POST /credential/verify, answer", "003", []int{1}, []string{"decision", "credentialId", "evaluations", "receipt"}, []fieldRow{
		{"decision", "allow (200) or deny (403, with `reason`)", "httpapi.TestVerify"},
		{"credentialId", "the id of the mandate", seedTest},
		{"evaluations evaluations[].rule evaluations[].result evaluations[].reason", "every rule; failed ones with their values", "docs/http.md"},
		{"receipt receipt.id receipt.timestamp", "signed, and stored before the answer is sent", "httpapi.TestReceiptNotKept"},
	}},
	{"POST /v1/passports, body", "004", []int{0}, nil, []fieldRow{
		{"type", "individual, organization or agent", "httpapi.TestPassports"},
		{"name", "1 to 200 characters", "httpapi.TestPassports"},
		{"metadata metadata.email metadata.organization", "any object of at most 8 KiB; stored", "httpapi.TestPassports"},
		{"capabilities", "at most 50 texts; stored as given", "httpapi.TestPassports"},
	}},
	{"POST /v1/passports, answer", "004", []int{1}, nil, []fieldRow{
		{"data data.passportId data.type data.name data.createdAt", "as created", seedTest},
		{"data.did data.publicKey", "did: the did:key of a new Ed25519 key; publicKey: its 32 bytes in hex", seedTest},
		{"meta meta.timestamp meta.requestId", "about this call; requestId is X-Request-Id", seedTest},
	}},
}

// TestSeedsDocument checks that docs/http-fields.md matches these tables and that
// the named tests exist.
func TestSeedsDocument(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# The fields of the HTTP API\n\nEvery documented field, what the service does with it, and the test that checks this. The file is generated:\n`go test ./adapters/httpapi -run TestSeedsDocument -update`. Where the documents of the API are available,\n`TestSeedsComplete` checks that every field has a row. [http.md](http.md) is a session with the API.\n")
	for _, tb := range tables {
		fmt.Fprintf(&b, "\n## %s\n\n| field | behaviour | test |\n|---|---|---|\n", tb.title)
		for _, r := range tb.rows {
			for _, f := range strings.Fields(r.fields) {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f, r.behaviour, r.test)
			}
			if !testExists(t, r.test) {
				t.Errorf("%s: %s: there is no test %s", tb.title, r.fields, r.test)
			}
		}
	}
	const file = "../../docs/http-fields.md"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if listed, err := os.ReadFile(file); err != nil || !bytes.Equal(listed, b.Bytes()) {
		t.Errorf("docs/http-fields.md is not what the tables say (%v): go test ./adapters/httpapi -run TestSeedsDocument -update", err)
	}
}

// testExists looks for a test function, or for the document of a test that
// runs documents.
func testExists(t *testing.T, name string) bool {
	t.Helper()
	if strings.HasPrefix(name, "docs/") {
		_, err := os.Stat("../../" + name)
		return err == nil
	}
	pkg, fn, _ := strings.Cut(name, ".")
	dir := map[string]string{"httpapi": ".", "testvectors": "../../testvectors"}[pkg]
	files, err := filepath.Glob(dir + "/*_test.go")
	if err != nil || dir == "" {
		return false
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte("\nfunc "+fn+"(t *testing.T)")) {
			return true
		}
	}
	return false
}

// TestSeedsComplete checks that every field of the documents has a row.
func TestSeedsComplete(t *testing.T) {
	seeds := readSeeds(t)
	params := map[string][]string{}
	for _, tb := range tables {
		listed := map[string]bool{}
		for _, r := range tb.rows {
			for _, f := range strings.Fields(r.fields) {
				listed[f] = true
			}
		}
		for _, i := range tb.examples {
			if i >= len(seeds[tb.seed].examples) {
				t.Fatalf("%s has %d examples", tb.seed, len(seeds[tb.seed].examples))
			}
			for _, f := range fieldsOf(seeds[tb.seed].examples[i], "") {
				if !listed[f] {
					t.Errorf("%s: %s has no row", tb.title, f)
				}
			}
		}
		for _, p := range tb.params {
			if !listed[p] {
				t.Errorf("%s: %s has no row", tb.title, p)
			}
		}
		params[tb.seed] = append(params[tb.seed], tb.params...)
	}
	for name, s := range seeds {
		if len(s.examples) == 0 {
			t.Errorf("%s: no examples were found", name)
		}
		for _, p := range s.params {
			if !slices.Contains(params[name], p) {
				t.Errorf("%s: the parameter %s is in no table", name, p)
			}
		}
	}
}

func fieldsOf(v canonical.Value, prefix string) (out []string) {
	switch v.Kind() {
	case canonical.Object:
		for name, m := range v.Members() {
			f := name
			if prefix != "" {
				f = prefix + "." + name
			}
			out = append(out, f)
			out = append(out, fieldsOf(m, f)...)
		}
	case canonical.Array:
		for _, e := range v.Elements() {
			out = append(out, fieldsOf(e, prefix+"[]")...)
		}
	}
	return out
}
