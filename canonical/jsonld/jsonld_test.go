package jsonld

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

var _ verifier.ContextChecker = (*Checker)(nil)

// newChecker returns a Checker that never times out.
func newChecker(t testing.TB, extra map[string][]byte) *Checker {
	t.Helper()
	c, err := New(extra)
	if err != nil {
		t.Fatal(err)
	}
	c.now, c.after = sample.Now, never
	return c
}

// never is a timer that does not expire.
func never(time.Duration) (<-chan time.Time, func()) { return nil, func() {} }

func parse(t testing.TB, text string) canonical.Value {
	t.Helper()
	d, err := canonical.Limits{MaxBytes: 16 << 20, MaxDepth: 10_000, MaxValues: 1 << 22}.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

// verdict returns "ok", or the kind, the term and the pointer of the error.
func verdict(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return "ok"
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	return strings.TrimSpace(string(e.Kind) + " " + e.Term + " " + e.Pointer)
}

const v2 = `"https://www.w3.org/ns/credentials/v2"`

// credential returns a valid credential with further contexts, types and
// members.
func credential(contexts, types, members string) string {
	return `{"@context":[` + v2 + contexts + `],"type":["VerifiableCredential"` + types + `],
		"issuer":"did:example:i","credentialSubject":{"id":"did:example:s"}` + members + `}`
}

func TestCheckContext(t *testing.T) {
	const (
		undefined = `,"https://www.w3.org/ns/credentials/undefined-terms/v2"`
		via       = `,"https://via.humanos.dev/ns/v1"`
		integrity = `,"https://w3id.org/security/data-integrity/v2"`
		proof     = `,"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","created":"2026-05-02T10:15:30Z",
			"verificationMethod":"did:example:i#k","proofPurpose":"assertionMethod","proofValue":"z1"`
	)
	c := newChecker(t, nil)
	for _, tt := range []struct{ name, doc, want string }{
		{"credential", credential("", "", ""), "ok"},
		{"proof", credential("", "", proof+"}"), "ok"},
		{"both contexts that define proofs", credential(integrity, "", proof+"}"), "ok"},
		{"the same context twice", credential(","+v2, "", ""), "invalid_document"}, // @context is a set; json-gold takes it for recursion
		{"absolute member and type", credential("", `,"https://example.com/T"`, `,"https://example.com/p":1,"urn:x:y":2`), "ok"},
		{"inline definition", credential(`,{"T":"https://example.com/#T","p":"https://example.com/#p"}`, `,"T"`, `,"p":{"id":"did:example:x"}`), "ok"},
		{"prefix", credential(`,{"ex":"https://example.com/#"}`, `,"ex:T"`, `,"ex:p":1`), "ok"},
		{"keywords", credential(`,{"p":"https://example.com/#p","n":"@nest","in":"@included"}`, "",
			`,"n":{"p":1},"in":[{"type":"VerifiableCredential"}],"p":[{"@value":1,"@type":"http://www.w3.org/2001/XMLSchema#integer"},
			{"@list":[1]},{"@set":[2]},{"@value":{"any":1},"@type":"@json"},{"@value":"x","@language":"en","@direction":"ltr"},{"@graph":[{"p":1}]}],
			"@reverse":{"p":{"id":"did:example:r"}}`), "ok"},

		{"undefined member", credential("", "", `,"colour":"red"`), "undefined_term colour /colour"},
		{"undefined member of null", credential("", "", `,"colour":null`), "undefined_term colour /colour"},
		{"undefined member, nested", credential("", "", `,"evidence":[{"type":"https://example.com/E"},{"type":"https://example.com/E","a/b":{}}]`), "undefined_term a/b /evidence/1/a~1b"},
		{"undefined type", credential("", `,"Passport"`, ""), "undefined_type Passport /type/1"},
		{"undefined single type", credential("", "", `,"evidence":{"type":"Passport"}`), "undefined_type Passport /evidence/type"},
		{"type of another case", credential("", `,"verifiableCredential"`, ""), "undefined_type verifiableCredential /type/1"},
		{"no context", `{"type":"VerifiableCredential"}`, "undefined_term type /type"},
		{"member of the credential in its subject", credential("", "", `,"evidence":{"type":"https://example.com/E","issuer":"did:example:x"}`), "undefined_term issuer /evidence/issuer"},
		{"member of a proof outside one", credential("", "", `,"cryptosuite":"x"`), "undefined_term cryptosuite /cryptosuite"},
		{"blank node member", credential("", "", `,"_:b":1`), "undefined_term _:b /_:b"},
		{"blank node vocabulary", credential(`,{"@vocab":"_:b"}`, "", `,"colour":1`), "undefined_term colour /colour"},
		{"relative vocabulary", credential(`,{"@vocab":"x"}`, "", `,"colour":1`), "undefined_term colour /colour"},
		{"empty vocabulary", credential(`,{"@vocab":""}`, "", `,"https://example.com/p":1,"colour":1`), "undefined_term colour /colour"},
		{"term taken away", credential(`,{"@vocab":"https://example.com/#","colour":null}`, "", `,"colour":1`), "undefined_term colour /colour"},
		{"keyword that no document has", credential("", "", `,"@vocab":1`), "undefined_term @vocab /@vocab"},
		{"reserved name", credential(undefined, "", `,"@colour":1`), "undefined_term @colour /@colour"},
		{"type that is a keyword", credential("", `,"@json"`, ""), "undefined_type @json /type/1"},
		{"no absolute URL", credential("", `,"https ://example.com"`, ""), "undefined_type https ://example.com /type/1"},
		{"no scheme", credential("", `,"://example.com"`, ""), "undefined_type ://example.com /type/1"},
		{"scheme of digits", credential("", `,"1a:b"`, ""), "undefined_type 1a:b /type/1"},
		// json-gold silently drops faults below @list and @set.
		{"undefined in a list", credential(`,{"p":"https://example.com/#p"}`, "", `,"p":{"@list":[{"colour":1}]}`), "undefined_term colour /p/@list/0/colour"},
		{"undefined in a set", credential(`,{"p":"https://example.com/#p"}`, "", `,"p":{"@set":[{"colour":1}]}`), "undefined_term colour /p/@set/0/colour"},
		{"undefined in reverse", credential("", "", `,"@reverse":{"p":{"id":"did:example:r"}}`), "undefined_term p /@reverse/p"},
		{"undefined in a graph", credential("", "", `,"@graph":[{"p":1}]`), "undefined_term p /@graph/0/p"},
		{"undefined in a nest", credential("", "", `,"@nest":[{"name":"n"},{"p":1}]`), "undefined_term p /@nest/1/p"},
		{"context in a nest", credential("", "", `,"@nest":{"@context":"https://evil.example/"}`), "invalid_document  /@nest/@context"},
		{"after a reverse", credential(`,{"p":{"@id":"https://example.com/#p","@context":{"q":"https://example.com/#q"}}}`, "",
			`,"p":{"@reverse":{"q":{"id":"did:example:r"}},"@set":[{"q":1}]}`), "invalid_document"},
		{"undefined value type", credential("", "", `,"name":{"@value":"n","@type":"colour"}`), "undefined_type colour /name/@type"},
		{"JSON literal", credential(`,{"j":{"@id":"https://example.com/#j","@type":"@json"}}`, "", `,"j":{"colour":{"type":5}}`), "ok"},

		{"undefined terms are defined", credential(undefined, `,"Passport"`, `,"colour":{"type":"Shade","of":["x",{"my term":1}]}`), "ok"},
		{"undefined terms with another vocabulary", credential(undefined+`,{"@vocab":null}`, "", `,"colour":1`), "undefined_term colour /colour"},

		{"content that is not known", credential(via, `,"VIAMandate"`, `,"mandate":{"id":{"type":"string"},"type":5},"x":[{"y":[]}]`), "ok"},
		{"not known, keyword", credential(via, "", `,"@vocab":1`), "undefined_term @vocab /@vocab"},
		{"not known, reserved", credential(via, "", `,"@colour":1`), "undefined_term @colour /@colour"},
		{"not known, empty name", credential(via, "", `,"":1`), "undefined_term  /"},
		{"not known, taken away", credential(via+`,{"mandate":null}`, "", `,"mandate":1`), "undefined_term mandate /mandate"},
		{"not known, another vocabulary taken away", credential(via+`,{"@vocab":null}`, "", `,"mandate":1`), "ok"},
		{"not known, single type", credential(via, "", `,"evidence":{"type":"Seen"}`), "ok"},
		{"not known, type of a value", credential(via, "", `,"name":{"@value":"n","@type":"Short"}`), "ok"},
		{"not known, blank type", credential(via, `,""`, ""), "undefined_type  /type/1"},
		{"not known, context below", credential(via, "", `,"mandate":[{"a":{"@context":"https://evil.example/"}}]`), "unknown_context https://evil.example/ /mandate/0/a/@context"},
		{"not known, known context below", credential(via, "", `,"mandate":{"@context":[`+v2+`]}`), "ok"},
		{"not known ends with its object", `{"@context":` + v2 + `,"type":"VerifiablePresentation","verifiableCredential":[` + credential(via, "", `,"m":1`) + `],"m":1}`, "undefined_term m /m"},
		{"not known does not reach embedded credentials", `{"@context":[` + v2 + via + `],"type":"VerifiablePresentation","verifiableCredential":[` + credential("", "", `,"m":1`) + `]}`, "undefined_term m /verifiableCredential/0/m"},
		{"not known, protected", credential(via+`,{"issuer":"https://evil.example/#"}`, "", ""), "ok"}, // of the type, see below
		{"not known, protected of all", credential(via+`,{"name":"https://evil.example/#"}`, "", ""), "redefined_term name /@context/2"},

		{"redefined", credential(`,{"name":"https://evil.example/#"}`, "", ""), "redefined_term name /@context/1"},
		{"redefined alike", credential(`,{"name":{"@id":"https://schema.org/name"}}`, "", ""), "ok"},
		{"redefined with a type", credential(`,{"name":{"@id":"https://schema.org/name","@type":"@id"}}`, "", ""), "redefined_term name /@context/1"},
		{"redefined as a prefix", credential(`,{"name":{"@id":"https://schema.org/name","@prefix":true}}`, "", ""), "redefined_term name /@context/1"},
		{"redefined keyword alias", credential(`,{"id":"https://evil.example/#"}`, "", ""), "redefined_term id /@context/1"},
		{"redefined type", credential(`,{"VerifiableCredential":"https://evil.example/#"}`, "", ""), "redefined_term VerifiableCredential /@context/1"},
		{"protected inline", credential(`,{"@protected":true,"p":"https://a.example/"},{"p":"https://b.example/"}`, "", ""), "redefined_term p /@context/2"},
		{"protected by itself", credential(`,{"p":{"@id":"https://a.example/","@protected":true}},{"p":"https://b.example/"}`, "", ""), "redefined_term p /@context/2"},
		{"still protected after the same again", credential(`,{"name":"https://schema.org/name"},{"name":"https://evil.example/#"}`, "", ""), "redefined_term name /@context/2"},
		// json-gold accepts the next three.
		{"set to null", credential(`,{"name":null}`, "", ""), "redefined_term name /@context/1"},
		{"set to null, then redefined", credential(`,{"name":null},{"name":"https://evil.example/#"}`, "", ""), "redefined_term name /@context/1"},
		{"set to a reserved name", credential(`,{"name":"@colour"}`, "", ""), "redefined_term name /@context/1"},
		{"null context", credential(`,null`, "", ""), "redefined_term  /@context/1"},
		{"null context below", credential("", "", `,"evidence":{"@context":null,"@type":"https://example.com/E"}`), "redefined_term  /evidence/@context"},
		{"null context first", `{"@context":[null,` + v2 + `],"type":"VerifiableCredential"}`, "ok"},
		{"redefined below", credential("", "", `,"evidence":{"@context":{"name":"https://evil.example/#"},"type":"https://example.com/E"}`), "redefined_term name /evidence/@context"},
		// The context of the type wins: it is protected, although it comes
		// later.
		{"redefined before the type defines it", credential(`,{"@protected":true,"issuer":"https://evil.example/#"}`, "", ""), "redefined_term issuer "},
		{"a type's context may not redefine", credential(`,{"T":{"@id":"https://example.com/#T","@context":{"name":"https://evil.example/#"}}}`, `,"T"`, ""), "redefined_term name "},
		{"a term's context may redefine", credential(`,{"p":{"@id":"https://example.com/#p","@context":{"name":"https://example.com/#name","q":"https://example.com/#q"}}}`, "", `,"p":{"name":"x","q":1}`), "ok"},
		{"but not beyond the term", credential(`,{"p":{"@id":"https://example.com/#p","@context":{"q":"https://example.com/#q"}}}`, "", `,"p":{"q":1},"q":1`), "undefined_term q /q"},
		{"a term's context may begin anew", credential(`,{"p":{"@id":"https://example.com/#p","@context":null}}`, "", `,"p":{"name":"x"}`), "undefined_term name /p/name"},
		{"a type's context may not begin anew", credential(`,{"T":{"@id":"https://example.com/#T","@context":null}}`, `,"T"`, ""), "redefined_term  "},
		{"a type's context does begin anew", `{"@context":{"T":{"@id":"https://example.com/#T","@context":null},"p":"https://example.com/#p"},"@type":"T","p":1}`, "undefined_term p /p"},
		{"and ends with its object", `{"@context":{"T":{"@id":"https://example.com/#T","@context":[null,{"q":"https://example.com/#q"}]},"p":"https://example.com/#p"},"@type":"T","q":[{"p":1},{"@value":1},{"@id":"did:example:x"}]}`, "ok"},
		{"but for values", `{"@context":{"T":{"@id":"https://example.com/#T","@context":{"v":"@value","t":"@type","q":"https://example.com/#q"}}},"@type":"T","q":{"v":1}}`, "ok"},

		{"index map", credential(`,{"p":{"@id":"https://example.com/#p","@container":"@index"}}`, "", `,"p":{"any key":{"name":"x"},"other":[{"name":"y"},{"colour":1}]}`), "undefined_term colour /p/other/1/colour"},
		{"index property", credential(`,{"p":{"@id":"https://example.com/#p","@container":"@index","@index":"q"}}`, "", `,"p":{"any key":{"name":"x"}}`), "undefined_term q /p"},
		{"index property, defined", credential(`,{"q":"https://example.com/#q","p":{"@id":"https://example.com/#p","@container":"@index","@index":"q"}}`, "", `,"p":{"any key":{"name":"x"}}`), "ok"},
		{"id map", credential(`,{"p":{"@id":"https://example.com/#p","@container":"@id"}}`, "", `,"p":{"did:example:x":{"colour":1}}`), "undefined_term colour /p/did:example:x/colour"},
		{"type map", credential(`,{"p":{"@id":"https://example.com/#p","@container":"@type"}}`, "", `,"p":{"colour":{"name":"x"}}`), "undefined_type colour /p/colour"},
		{"type map, scoped", credential(`,{"p":{"@id":"https://example.com/#p","@container":"@type"},"T":{"@id":"https://example.com/#T","@context":{"q":"https://example.com/#q"}}}`, "", `,"p":{"T":{"q":1},"@none":{"name":"n"}}`), "ok"},
		{"language map", credential(`,{"p":{"@id":"https://example.com/#p","@container":"@language"}}`, "", `,"p":{"en":"x","de":["y"]}`), "ok"},
		{"set of a graph", credential(`,{"p":{"@id":"https://example.com/#p","@container":["@graph","@set"]}}`, "", `,"p":[{"colour":1}]`), "undefined_term colour /p/0/colour"},

		{"unknown context", credential(`,"https://example.com/c"`, "", ""), "unknown_context https://example.com/c /@context/1"},
		{"relative context", credential(`,"c.json"`, "", ""), "unknown_context c.json /@context/1"},
		{"file", credential(`,"/etc/passwd"`, "", ""), "unknown_context /etc/passwd /@context/1"},
		{"known context in another spelling", credential(`,"HTTPS://www.w3.org/ns/credentials/v2"`, "", ""), "unknown_context HTTPS://www.w3.org/ns/credentials/v2 /@context/1"},
		{"unknown context in a definition", credential(`,{"p":{"@id":"https://example.com/#p","@context":"https://example.com/c"}}`, "", ""), "unknown_context https://example.com/c /@context/1/p/@context"},
		{"import", credential(`,{"@import":"https://example.com/c"}`, "", ""), "invalid_context @import /@context/1/@import"},
		{"import of a known one", credential(`,{"@import":`+v2+`}`, "", ""), "invalid_context @import /@context/1/@import"},
		{"base", credential(`,{"@base":"https://www.w3.org/ns/"}`, "", ""), "invalid_context @base /@context/1/@base"},
		{"propagate", credential(`,{"@propagate":false}`, "", ""), "invalid_context @propagate /@context/1/@propagate"},
		{"version", credential(`,{"@version":1.1}`, "", ""), "ok"},
		{"other version", credential(`,{"@version":1}`, "", ""), "invalid_context @version /@context/1/@version"},
		{"protected is a text", credential(`,{"@protected":"true"}`, "", ""), "invalid_context @protected /@context/1/@protected"},
		{"context in a context", credential(`,{"@context":{}}`, "", ""), "invalid_context @context /@context/1/@context"},
		{"list in a list", credential(`,[]`, "", ""), "invalid_context  /@context/1"},
		{"number", credential(`,1`, "", ""), "invalid_context  /@context/1"},
		{"definition is a number", credential(`,{"p":1}`, "", ""), "invalid_context p /@context/1/p"},
		{"definition of the empty name", credential(`,{"":"https://example.com/"}`, "", ""), "invalid_context  /@context/1/"},
		{"definition of a keyword", credential(`,{"@id":"https://example.com/"}`, "", ""), "invalid_context @id /@context/1/@id"},
		{"definition with an unknown key", credential(`,{"p":{"@colour":1}}`, "", ""), "invalid_context p /@context/1/p/@colour"},
		{"container of numbers", credential(`,{"p":{"@id":"https://example.com/","@container":[1]}}`, "", ""), "invalid_context p /@context/1/p/@container"},
		{"containers without end", credential(`,{"p":{"@id":"https://example.com/","@container":["@set","@set","@set","@set","@set"]}}`, "", ""), "invalid_context p /@context/1/p/@container"},
		{"empty nest", credential(`,{"p":{"@id":"https://example.com/","@nest":""}}`, "", ""), "invalid_context p /@context/1/p/@nest"},
		{"other keys", credential(`,{"@type":{"@container":"@set"},"p":{"@id":"https://example.com/","@language":null,"@direction":"rtl","@nest":"@nest","@protected":false,"@prefix":false}}`, "", ""), "ok"},
		{"circle of prefixes", credential(`,{"a":"b:x","b":"a:x"}`, "", ""), "invalid_context  /@context/1"},
		{"term without meaning", credential(`,{"p":{}}`, "", ""), "invalid_context  /@context/1"},
		{"error in a definition, on a text", credential(`,{"p":{"@id":"https://example.com/","@context":{"q":{}}}}`, "", `,"p":"x"`), "invalid_context  /p"},

		{"type is a number", credential("", "", `,"evidence":{"type":2}`), "invalid_document  /evidence/type"},
		{"type in a type", credential("", `,["x"]`, ""), "invalid_document  /type/1"},
		{"two ids", credential("", "", `,"id":"urn:x:y","@id":"urn:x:z"`), "invalid_document"},
		{"id is a number", credential("", "", `,"id":1`), "invalid_document"},
		{"value object with more", credential("", "", `,"name":{"@value":"n","description":"x"}`), "invalid_document"},
		{"no object", `[1]`, "invalid_document"},
		// json-gold dereferences the missing definition.
		{"prefix taken away", credential(`,{"did":null}`, "", ""), "broken"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 3 { // json-gold ranges over maps
				if got := verdict(t, c.CheckContext(parse(t, tt.doc))); got != strings.TrimSpace(tt.want) {
					t.Fatalf("%s, want %s", got, tt.want)
				}
			}
		})
	}
}

func TestSample(t *testing.T) {
	c := newChecker(t, nil)
	for _, b := range [][]byte{sample.Credential(), sample.Presentation()} {
		if err := c.CheckContext(parse(t, string(b))); err != nil {
			t.Error(err)
		}
	}
}

// TestPointerFromRoot checks that the pointer begins at the root.
func TestPointerFromRoot(t *testing.T) {
	doc := parse(t, `{"list":[`+credential("", "", `,"colour":1`)+`]}`)
	if got := verdict(t, newChecker(t, nil).CheckContext(doc.Get("list").Index(0))); got != "undefined_term colour /list/0/colour" {
		t.Error(got)
	}
}

func TestNew(t *testing.T) {
	const a, b = "https://a.example/", "https://b.example/"
	doc := `{"@context":"` + a + `","p":1}`
	for _, tt := range []struct {
		name  string
		extra map[string]string
		want  string // of New, or of CheckContext
	}{
		{"defines", map[string]string{a: `{"@context":{"p":"https://example.com/#p"}}`}, "ok"},
		{"does not define", map[string]string{a: `{"@context":{}}`}, "undefined_term p /p"},
		{"refers", map[string]string{a: `{"@context":["` + b + `",{}]}`, b: `{"@context":{"p":"https://example.com/#p"}}`}, "ok"},
		{"refers twice", map[string]string{a: `{"@context":["` + b + `","` + b + `"]}`, b: `{"@context":{"p":"https://example.com/#p"}}`}, "invalid_document"},
		{"refers to one without content", map[string]string{a: `{"@context":["` + viaV1 + `"]}`}, "ok"},
		{"content of the one without", map[string]string{a: `{"@context":"` + viaV1 + `"}`, viaV1: `{"@context":{}}`}, "undefined_term p /p"},
		{"protects", map[string]string{a: `{"@context":["` + b + `",{"p":"https://example.com/#q"}]}`, b: `{"@context":{"@protected":true,"p":"https://example.com/#p"}}`}, "redefined_term p /@context"},
		{"large", map[string]string{a: `{"@context":{` + repeat(2000, func(i int) string {
			return `"t` + itoa(i) + `":"https://example.com/#` + strings.Repeat("x", 100) + `"`
		}) + `,"p":"https://example.com/#p"}}`}, "ok"},

		{"circle", map[string]string{a: `{"@context":["` + b + `"]}`, b: `{"@context":{"p":{"@id":"https://example.com/#p","@context":"` + a + `"}}}`}, "refers to itself"},
		{"itself", map[string]string{a: `{"@context":"` + a + `"}`}, "refers to itself"},
		{"refers to nothing", map[string]string{a: `{"@context":"https://c.example/"}`}, `jsonld: context "https://a.example/": jsonld: unknown_context "https://c.example/"`},
		{"import", map[string]string{a: `{"@context":{"@import":"` + b + `"}}`, b: `{"@context":{}}`}, "invalid_context"},
		{"not JSON", map[string]string{a: `{"@context":{},"@context":{}}`}, "duplicate_key"},
		{"too deep", map[string]string{a: strings.Repeat("[", 100) + strings.Repeat("]", 100)}, "too_deep"},
		{"no context", map[string]string{a: `{"context":{}}`}, "it is no object with @context"},
		{"no object", map[string]string{a: `[]`}, "it is no object with @context"},
		{"built in", map[string]string{"https://www.w3.org/ns/credentials/v2": `{"@context":{}}`}, "it is built in"},
		{"relative", map[string]string{"x": `{"@context":{}}`}, "not an absolute URL"},
		{"empty", map[string]string{"": `{"@context":{}}`}, "not an absolute URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			extra := map[string][]byte{}
			for url, text := range tt.extra {
				extra[url] = []byte(text)
			}
			c, err := New(extra)
			if err != nil {
				if c != nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v, want %s", err, tt.want)
				}
				return
			}
			if got := verdict(t, c.CheckContext(parse(t, doc))); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestZeroCheckerRefuses(t *testing.T) {
	var c Checker
	if got := verdict(t, c.CheckContext(parse(t, credential("", "", "")))); got != "broken" {
		t.Error(got)
	}
}

func TestError(t *testing.T) {
	for _, tt := range []struct {
		err  Error
		want string
	}{
		{Error{Kind: UndefinedTerm, Term: "a\nb", Pointer: "/a\nb", detail: "why"}, `jsonld: undefined_term "a\nb" at /a\nb: why`},
		{Error{Kind: Timeout}, "jsonld: timeout"},
		{Error{Kind: UndefinedType, Term: strings.Repeat("x", 119) + "é"}, `jsonld: undefined_type "` + strings.Repeat("x", 119) + `"…`},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

func TestConcurrent(t *testing.T) {
	c := newChecker(t, nil)
	good, bad := parse(t, string(sample.Presentation())), parse(t, credential("", "", `,"colour":1`))
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range 4 {
				if err := c.CheckContext(good); err != nil {
					t.Error(err)
				}
				if got := verdict(t, c.CheckContext(bad)); got != "undefined_term colour /colour" {
					t.Error(got)
				}
			}
		})
	}
	wg.Wait()
	if fresh := newChecker(t, nil); !reflect.DeepEqual(c.known, fresh.known) {
		t.Error("checking has changed the contexts")
	}
}

// The W3C files, if present.
const shared = "../../../shared/vectors/"

func readShared(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(shared + name)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the files of the W3C are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBuiltinContextsMatchW3C(t *testing.T) {
	files := map[string]string{
		"https://www.w3.org/ns/credentials/v2":                 "credentials-v2",
		"https://www.w3.org/ns/credentials/undefined-terms/v2": "undefined-terms-v2",
		"https://w3id.org/security/data-integrity/v2":          "data-integrity-v2",
	}
	docs := builtin()
	if len(docs) != len(files) {
		t.Errorf("%d contexts are built in, %d are compared", len(docs), len(files))
	}
	for url, name := range files {
		got, err := canonical.Transform([]byte(docs[url]))
		if err != nil {
			t.Fatal(err)
		}
		want, err := canonical.Transform(readShared(t, "contexts/"+name+".jsonld"))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s differs", url)
		}
	}
}

// TestW3CSuite checks that cases that need JSON-LD get the W3C verdict and
// that no valid case is refused.
func TestW3CSuite(t *testing.T) {
	const suite = "w3c-vcdm2-test-suite/"
	needs := map[string]string{
		"credential-redef-type-fail":         "redefined_term VerifiableCredential /@context/1",
		"credential-redef-type2-fail":        "redefined_term ExampleVerifiableCredential /@context/2",
		"credential-status-type-nonurl-fail": "invalid_document  /credentialStatus/type",
		"credential-type-mapped-nonurl-fail": "invalid_context  /@context/1",
		"credential-type-unmapped-fail":      "undefined_type ExampleTestCredential /type/1",
	}
	// Its context defines the type of the proof, but no member of it.
	exceptions := map[string]string{"credential-proof-ok": "undefined_term created /proof/created"}

	var expectations struct {
		NeedsJSONLD []string `json:"needsJsonLd"`
		Cases       map[string]struct{ Expect string }
	}
	if err := json.Unmarshal(readShared(t, suite+"expectations.json"), &expectations); err != nil {
		t.Fatal(err)
	}
	c := newChecker(t, map[string][]byte{
		"https://www.w3.org/ns/credentials/examples/v2": readShared(t, "contexts/credentials-examples-v2.jsonld"),
	})
	for _, name := range expectations.NeedsJSONLD {
		if needs[name] == "" || expectations.Cases[name+".json"].Expect != "reject" {
			t.Errorf("%s: %q, which the suite expects to %s", name, needs[name], expectations.Cases[name+".json"].Expect)
		}
	}
	files, err := filepath.Glob(shared + suite + "tests/input/*.json")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(shared + suite + "tests/input/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for _, file := range slices.Concat(files, more) {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		want := needs[name]
		if strings.HasSuffix(name, "-ok") {
			want = "ok"
			if w, ok := exceptions[name]; ok {
				want = w
			}
		}
		if want == "" {
			continue // refused for another reason
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := verdict(t, c.CheckContext(parse(t, string(b)))); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if want == "ok" {
			accepted++
		}
	}
	if len(expectations.NeedsJSONLD) != len(needs) || accepted < 50 {
		t.Errorf("%d cases need JSON-LD, %d are accepted", len(expectations.NeedsJSONLD), accepted)
	}
}
