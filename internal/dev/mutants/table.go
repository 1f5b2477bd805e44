package main

// A mutant is one change to the engine's source. old must occur exactly once
// in the file.
type mutant struct {
	name, file, old, new string
	env                  bool // new reads the name from the environment
}

const envMutant = "MANDATE_MUTANT"

// survivors lists the mutants that no vector notices, and why.
var survivors = map[string]string{
	"previous proof of itself": "a proof that signs itself cannot verify, so that the signature fails with the same code",
	"all proofs of a set":      "the failed proof is in the ledger already, and an allow asks once more whether every proof was verified",
	"key of the issuer":        "the key is then looked for in the issuer's own document, which cannot hold one of another DID",
	"method with a path":       "the key is looked up in the document by the same rule, which fails with the same reason",
}

// checks are the numbered checks, by the names of their constants. The mutant
// of a check lets it always pass.
var checks = []string{"VPStructure", "VPContext", "VPProofForm", "VPChallenge", "VPDomain", "VPFreshness", "VCStructure", "VCContext",
	"VCProofForm", "MandateSelect", "MandateShape", "IssuerTrusted", "IssuerKey", "VCProof", "IssuerBinding", "GrantorProofs", "VCValidity",
	"VCStatus", "VCEvidence", "HolderAuthorized", "VerifierAuthorized", "Scope", "HolderKey", "VPProof", "HolderBinding", "ActionRequired",
	"ActionSource", "ActionDigest", "ActionCompile", "ParamsBound", "UserParams", "ExecutionParams", "Rules", "Replay"}

func mutants() []mutant {
	var out []mutant
	const failAt = "func (l *ledger) failAt(c check, why Reason, pointer, detail string) {\n"
	off := failAt
	for _, name := range checks {
		off += "\tif c == check" + name + " && os.Getenv(\"" + envMutant + "\") == \"check " + name + "\" {\n\t\tl.pass(c)\n\t\treturn\n\t}\n"
	}
	for _, name := range checks {
		out = append(out, mutant{"check " + name, "verifier/checks.go", failAt, off, true})
	}
	change := func(name, file, from, to string) {
		out = append(out, mutant{name: name, file: file, old: from, new: to})
	}

	const di = "internal/dataintegrity/dataintegrity.go"
	change("domain of a larger set", di, "!subset(p.Domain, want) || !subset(want, p.Domain)", "!subset(want, p.Domain)")
	change("domain of a smaller set", di, "!subset(p.Domain, want) || !subset(want, p.Domain)", "!subset(p.Domain, want)")
	change("domain absent", di, "if len(p.Domain) == 0 {", "if p.Domain == nil {\n\t\treturn nil\n\t}\n\tif len(p.Domain) == 0 {")
	change("challenge absent", di, "return refuse(ChallengeMismatch, p.node, \"no challenge", "return nil\n\t\treturn refuse(ChallengeMismatch, p.node, \"no challenge")
	change("expires exclusive", di, "!now.Before(p.Expires.Add(leeway))", "now.After(p.Expires.Add(leeway))")
	change("created ahead", di, "p.Created.After(now.Add(ahead))", "p.Created.After(now.Add(ahead + 1e12))")
	change("config first", di, "copy(data[:sha256.Size], first[:])\n\tcopy(data[sha256.Size:], second[:])", "copy(data[:sha256.Size], second[:])\n\tcopy(data[sha256.Size:], first[:])")
	const form = "internal/dataintegrity/parse.go"
	change("too many proofs", form, "field.Kind() == canonical.Array && field.Len() > maxProofs", "false")
	change("type of a proof", form, "typ != ProofType", "false")
	change("suite of a proof", form, "suite != Cryptosuite", "false")
	change("proof and proofs", form, "case proof.Kind() != canonical.Absent:", "case false:")
	change("context of a proof", form, "if !same(have[i], want[i]) {", "if false {")
	change("context shorter", form, "if !ok || len(have) < len(want) {", "want = want[:min(len(want), len(have))]\n\tif !ok {")
	change("id of a proof", form, "r.Has(\"id\") && !vcdm.IsURL(p.ID)", "false")
	const chain = "internal/dataintegrity/chain.go"
	change("proofs with one id", chain, "byID[p.ID] != nil", "false")
	change("previous proof twice", chain, "slices.Contains(ids[:i], id)", "false && slices.Contains(ids[:i], id)")
	change("previous proof absent", chain, "byID[id] == nil", "false")
	change("previous proof of itself", chain, "if !settled[p] {", "if false {")
	change("previous proofs not hashed", chain, "p.edits[0] = canonical.ReplaceAll(memberOf(form), nodes)", "_ = nodes")
	change("all proofs of a set", "verifier/issuer.go", "if good < d.others {", "if false {")

	const point, key = "internal/multikey/point.go", "internal/multikey/multikey.go"
	change("points of small order", point, "return \"point of small order\"", "return \"\"")
	change("points not below the prime", point, "if !belowP(y) {", "if false {")
	change("points off the curve", key, "if !onCurve(k.raw) {", "if false {")
	change("signature points", key, "&& weakPoint([32]byte(sig[:32])) == \"\"", "")
	change("base of a signature", "internal/multikey/base58.go", "case s[0] != 'z':",
		"case s[0] == 'u':\n\t\t_, b, err := multibase.Decode(s)\n\t\treturn b, err\n\tcase s[0] != 'z':")
	change("type of a key", key, "string(b[:2]) != codecEd25519Public", "string(b[:2]) != codecEd25519Public && string(b[:2]) != \"\\xec\\x01\"")

	const method, material = "didresolve/method.go", "didresolve/material.go"
	change("controller of a key", method, "!ok || controller != did {", "!ok {")
	change("relationship of a key", method, "if !d.allows(c, purpose) {", "if false {")
	change("embedded key", method, "return purpose.valid() && c.embedded == purpose", "return true")
	change("revoked key", method, "case m.Revoked != nil && !at.Before(*m.Revoked):", "case false:")
	change("expired key", method, "case m.Expires != nil && !at.Before(*m.Expires):", "case false:")
	change("two materials", material, "if n != 1 {", "if n == 0 {")
	change("a secret in a key", material, "return \"\", canonical.Value{}, errSecret", "continue")
	change("two documents of a DID", "didresolve/resolvers.go", "\t\t\tdoc = nil\n", "")
	change("pins", "didresolve/resolvers.go", "got != pin {", "false && got != pin {")

	const screen, issuer, credential, action = "verifier/form.go", "verifier/issuer.go", "verifier/credential.go", "verifier/action.go"
	change("neither challenge nor created", screen, "case p.Created == nil:", "case false:")
	change("age of a presentation", screen, "case p.Created.Before(d.now.Add(-cfg.MaxAge)):", "case false:")
	change("inline contexts", "internal/vcdm/vcdm.go", "!ok || !accepted[s] {", "ok && !accepted[s] {")
	change("DIDs of signers", screen, "n > maxDIDs {", "n > 1<<20 {")
	change("method without a fragment", screen, "case u.Fragment == \"\":", "case false:")
	change("method with a path", screen, "case u.Path != \"\" || u.Query != \"\":", "case false:")
	change("grantors counted once", issuer, "grantors[did] {\n\t\t\tsigned[did] = true", "grantors[did] {\n\t\t\tsigned[p.ID+p.Nonce+did] = true")
	change("all of no grantors", issuer, "max(len(grantors), 1)", "len(grantors)")
	change("validFrom inclusive", credential, "d.now.Before(c.valid.From.Add(-leeway))", "!d.now.After(c.valid.From.Add(-leeway))")
	change("validUntil inclusive", credential, "d.now.After(c.valid.Until.Add(leeway))", "!d.now.Before(c.valid.Until.Add(leeway))")
	change("evidence nobody names", credential, "if !named[id] {", "if false {")
	change("grantors as holders", credential, "m.Restricted && (slices.Contains(m.Authorized, d.holder)", "(slices.Contains(m.Authorized, d.holder)")
	change("actionless with parameters", action, "case d.params.Len() > 0:", "case false:")
	change("reference without a digest", action, "if m.Digest == \"\" && !d.v.cfg.InsecureUnpinnedActions {", "if false {")
	change("the last nonce separator", action, "strings.LastIndex(p.Challenge, \"~sha256-\")", "strings.Index(p.Challenge, \"~sha256-\")")
	change("proofs are used up", "verifier/commit.go", "data := p.HashData()\n", "continue\n\t\tdata := p.HashData()\n")
	change("challenges are used up", "verifier/commit.go", "if c := d.req.Challenge; c != \"\" {", "if c := d.req.Challenge; false {")

	const status, list = "verifier/status.go", "internal/statuslist/statuslist.go"
	change("issuer of a list", status, "if list.issuer != issuer {", "if false {")
	change("validity of a list", status, "if valid.HasFrom && d.now.Before(valid.From.Add(-leeway)) ||", "if")
	change("age of a list", status, "d.now.After(valid.From.Add(age).Add(leeway))", "false")
	change("status without a meaning", status, "unknown(fmt.Errorf(\"status %d", "d.pass(checkVCStatus)\n\t\treturn\n\t\tunknown(fmt.Errorf(\"status %d")
	change("proof of a list", status, "if c, failed := found.firstFailure(); failed {", "if c, failed := found.firstFailure(); failed && false {")
	change("contexts of a list", status, "if entry, found := vcdm.UnknownContext(list.node, d.v.contexts); found {", "if entry, found := vcdm.UnknownContext(list.node, d.v.contexts); found && false {")
	change("id of a list", list, "id != url {", "false && id != url {")
	change("id of an entry", list, "id == e.List {", "false && id == e.List {")
	change("bit order", list, "(7-bit%8)&1", "(bit%8)&1")
	change("length of a list", list, "case total*8/int64(e.size) < MinEntries:", "case false:")
	change("purpose of a list", list, "fits := ok && s == e.Purpose", "fits := ok && s != \"\"")
	change("spelling of an index", list, "err != nil || strconv.FormatUint(i, 10) != index", "err != nil")

	const mandate, model = "internal/viamandate/viamandate.go", "internal/vcdm/vcdm.go"
	change("unknown members of a mandate", mandate, "node.Only(\"grantor\",", "nothing := node.In(canonical.Value{})\n\tnothing.Only(\"grantor\",")
	change("unknown members of a context", mandate, "context.Only(\"authorizedDIDs\")", "")
	change("unknown members of an action", mandate, "action.Only(\"id\",", "empty := node.In(canonical.Value{})\n\tempty.Only(\"id\",")
	change("misspelt members", mandate, "if strings.EqualFold(name, c) {", "if false && strings.EqualFold(name, c) {")
	change("one subject", mandate, "if subject.Len() != 1 {", "if subject.Len() < 1 {")
	change("first context", model, "case i == 0 && s != ContextV2:", "case i < 0:")
	change("empty subject", model, "if s.Len() == 0 {", "if false {")
	change("validity in order", model, "p.Until.Before(p.From)", "false")
	change("number of credentials", model, "if v.Len() > MaxCredentials {", "if false {")
	change("null validUntil", model, "if nullUntil && v.Kind() == canonical.Null {", "if v.Kind() == canonical.Null {")

	change("names and descriptions", model, "if !isText(v) {", "if false {")
	change("directions of a text", model, "d != \"ltr\" && d != \"rtl\"", "d == \"\"")
	change("lists of none", model, "if v.Len() == 0 {\n\t\t\treturn Broken(v, \"%s is an empty list\"", "if false {\n\t\t\treturn Broken(v, \"%s is an empty list\"")
	change("types of nothing", model, "case empty:", "case empty && false:")
	change("text as a context", model, "case isString && !IsURL(s):", "case false && s == \"\":")
	change("schemas without an id", model, "if o.Get(\"id\").Kind() == canonical.Absent {", "if false {")
	change("resources twice", model, "case !ok || seen[id]:", "case !ok:")
	change("resources without a digest", model, "if digests == 0 {", "if false {")
	change("white space in a URL", "internal/vcdm/url.go", "if c := s[i]; c <= ' ' || c == 0x7f {", "if c := s[i]; c == 0 {")

	change("size of an entry", list, "!size.IsSafeInteger() || f < 1 || f > maxSize {", "!size.IsSafeInteger() || f < 1 {")
	change("size of an entry ignored", list, "\t\te.size = int(f)\n", "")
	change("messages of values", list, "if e.messages == nil && e.size > 1 {", "if false {")
	change("hexadecimal messages", list, "|| !strings.HasPrefix(text, \"0x\") {", "{")
	change("several purposes of a list", list, "fits = fits || ok && s == e.Purpose", "_, _ = s, ok")
	change("line breaks in a list", list, "|| strings.ContainsAny(text, \"\\r\\n\") {", "{")
	change("bombs", list, "if total += int64(n); total > maxBytes {", "if total += int64(n); false {")
	change("lists cut short", list, "\t\tif err != nil {\n\t\t\treturn 0, errors.New(\"the status list cannot be decompressed\")\n\t\t}\n", "\t\tif err != nil {\n\t\t\tbreak\n\t\t}\n")
	change("entries of a credential", status, "case field.Len() > maxStatusEntries && field.Kind() == canonical.Array:", "case false:")
	change("entries of a presentation", status, "case entries >= maxStatusChecks:", "case false:")
	change("lookups for whom nobody authorized", credential, "return !d.failedAt(checkHolderAuthorized)", "return true")
	change("lookups for whom nothing proves", "verifier/holder.go", "return d.passedAt(checkVPProof) && d.passedAt(checkHolderKey) && d.passedAt(checkHolderBinding)", "return true")

	const document, jwk = "didresolve/document.go", "didresolve/jwk.go"
	change("ids of methods", document, "if seen[m.id] {", "if false {")
	change("methods of a document", document, "if len(d.methods) > maxMethods {", "if false {")
	change("entries of a relationship", document, "case list.Len() > limit:", "case false:")
	change("services of a document", document, "case service.Len() > maxServices:", "case false:")
	change("texts of a document", document, "if s, ok := v.String(); ok && len(s) > maxString {", "if s, ok := v.String(); ok && len(s) < 0 {")
	change("algorithm of a JWK", material, "alg.Kind() != canonical.Absent && !isOneOf(alg, \"EdDSA\", \"Ed25519\") {", "alg.Kind() == canonical.Absent && isOneOf(alg) {")
	change("operations of a JWK", material, "ops.Kind() != canonical.Absent && !holds(ops, \"verify\") {", "ops.Kind() == canonical.Absent && holds(ops, \"\") {")
	change("points of a JWK", jwk, "if _, err := curve.NewPublicKey(append(append([]byte{4}, x...), y...)); err != nil {", "if _ = append(x, y...); curve == nil {")
	change("labels of a host", "didresolve/web.go", "case len(l) > 63:", "case false:")
	change("length of a host", "didresolve/web.go", "if len(name) > 253 {", "if false {")

	const params, rule = "policy/params.go", "policy/evaluate.go"
	change("undeclared parameters", params, "r.fault(v, \"undeclared\", \"the action declares no such field\")", "")
	change("unmanifested tools", params, "case !ok || !slices.Contains(r.shape.tools, name):", "case !ok:")
	change("no tool", params, "case v.Kind() == canonical.Absent:\n\t\tr.report(", "case v.Kind() == canonical.Absent:\n\tcase v.Kind() == canonical.Null && false:\n\t\tr.report(")
	change("ambiguous parameters", params, "if f != nil && s.fits(&f.typ, inner) {", "if f != nil && false && s.fits(&f.typ, inner) {")
	change("unsafe integers", params, "return math.Abs(f) <= maxSafeInteger", "return true || math.Abs(f) <= maxSafeInteger")
	change("required parameters", params, "if r.root.Get(f.name).Kind() == canonical.Absent {", "if false {")
	change("values of a parameter", params, "t.values != nil && !t.values[x.Value()]", "false")
	change("unknown members of a rule", rule, "if r.unknownMember {", "if false {")
	change("errors of rules", rule, "default:\n\t\td.Reason = ReasonRuleError", "default:\n\t\td.Allow = true")
	change("forbid", rule, "if bool(holds) != r.forbid {", "if bool(holds) {")
	change("tools of a rule", "policy/action.go", "!ok || !slices.Contains(a.exec.tools, tool)", "!ok")
	change("equality of kinds", "policy/functions.go", "if !sameType(x, y) {\n\t\treturn types.WrapErr(errMixed)", "if !sameType(x, y) {\n\t\treturn types.False")
	change("loops over objects", "policy/harden.go", "case types.DynKind:\n\t\tlist :=", "case types.DynKind:\n\t\treturn\n\t\tlist :=")
	change("lists of mixed kinds", "policy/functions.go", "\tif mixed {\n", "\tif mixed && false {\n")
	change("order of anything", "policy/functions.go", "\t\tdefault:\n\t\t\treturn types.WrapErr(errNoOverload)\n", "")
	change("months from one", "policy/functions.go", "int(t.Month()) - 1", "int(t.Month())")
	change("zone of the parts of a time", "policy/functions.go", "v.(types.Timestamp).Time.UTC()", "v.(types.Timestamp).Time")
	change("digits of a fraction", "policy/formats.go", "if n < 1 || n > 9 {", "if n < 1 {")
	change("ports", "policy/formats.go", "!ok || n < 1 || n > 65535 || port[0] == '0' {", "!ok || n < 0 {")
	change("hosts in upper case", "policy/formats.go", "strings.Trim(label, \"abcdefghijklmnopqrstuvwxyz0123456789-_\") != \"\"", "label == \"-\"")
	change("users in a URL", "policy/formats.go", "u.User != nil || u.Opaque != \"\" || u.Host != authority {", "u.Opaque != \"\" {")
	change("values of a declaration", "policy/shape.go", "if fault != \"\" {", "if fault == \"-\" {")
	change("members of items", "policy/shape.go", "if depth > 0 {\n", "if false {\n")
	change("negative indexes", "policy/harden.go", "if v < 0 {", "if false {")
	change("all source of an action", "policy/rule.go", "c.total > maxActionSource {", "false {")
	change("cost of a rule", "policy/rule.go", "cel.CostLimit(maxRuleCost))", "cel.CostLimit(1<<40))")

	const receipt = "receipts/verify.go"
	change("pinned issuers", receipt, "if !slices.Contains(cfg.Issuers, v.Issuer) {", "if false && !slices.Contains(cfg.Issuers, v.Issuer) {")
	change("key of the issuer", receipt, "err != nil || did != issuer {", "err != nil || did == \"\" {")
	change("event and decision", receipt, "if !allow && !deny && !isRecord {", "if false && !allow && !deny {")
	change("context of a receipt", receipt, "if string(root.Get(\"@context\").AppendCanonical(nil)) !=", "if false && string(root.Get(\"@context\").AppendCanonical(nil)) !=")

	change("end of the day", "internal/xsdtime/xsdtime.go", "if minute != 0 || second != 0 || nano != 0 || !exact {", "if false && !exact {")
	change("days of a month", "internal/xsdtime/xsdtime.go", "day > daysIn(year, month)", "day > 31")
	change("offsets", "internal/xsdtime/xsdtime.go", "hours > 14 || minutes > 59 || hours == 14 && minutes != 0", "false")
	return out
}
