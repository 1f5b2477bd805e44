package testvectors

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestLoadDirRefuses(t *testing.T) {
	good := `{"schema":"mandate-vectors/1","id":"canonical/a","area":"canonical","comment":"c","input":{"text":"{}"},"expect":{"kind":"syntax","offset":0,"pointer":""}}`
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	area := func(area, input, expect string) string {
		return `{"schema":"mandate-vectors/1","id":"` + area + `/a","area":"` + area + `","comment":"c","input":` + input + `,"expect":` + expect + `}`
	}
	verify := func(input, expect string) string {
		return area("verify", `{"now":"2026-01-01T00:00:00Z","config":{"trustedIssuers":["did:x:y"]},"request":{"presentation":{}}`+input+`}`, expect)
	}
	none := `{"decision":"none","error":"unavailable"}`
	tests := []struct{ name, path, file, want string }{
		{"good", "canonical/a.json", good, ""},
		{"good verify", "verify/a.json", verify(``, none), ""},
		{"no JSON", "canonical/a.json", good[:9], "syntax"},
		{"no object", "canonical/a.json", `[]`, "not an object"},
		{"duplicate member", "canonical/a.json", replace(`"comment"`, `"id":"x","comment"`), "duplicate_key"},
		{"another path", "canonical/b.json", good, "not the path"},
		{"another schema", "canonical/a.json", replace("mandate-vectors/1", "mandate-vectors/2"), "schema"},
		{"no comment", "canonical/a.json", replace(`"comment":"c",`, ``), "comment is missing"},
		{"empty comment", "canonical/a.json", replace(`"c"`, `""`), "comment is empty"},
		{"unknown area", "x/a.json", area("x", "{}", "{}"), "area"},
		{"id of another area", "canonical/a.json", replace(`"area":"canonical"`, `"area":"did"`), "id"},
		{"upper-case id", "canonical/A.json", replace("canonical/a", "canonical/A"), "id"},
		{"unknown member", "canonical/a.json", replace(`"input"`, `"note":1,"input"`), `unknown member "note"`},
		{"unknown member of input", "canonical/a.json", replace(`{"text":"{}"}`, `{"text":"{}","note":1}`), `unknown member "note"`},
		{"unknown member of expect", "canonical/a.json", replace(`"offset"`, `"note":1,"offset"`), `unknown member "note"`},
		{"no expectation", "canonical/a.json", replace(`,"expect":{"kind":"syntax","offset":0,"pointer":""}`, ``), "expect is missing"},
		{"empty expectation", "canonical/a.json", replace(`{"kind":"syntax","offset":0,"pointer":""}`, `{}`), "canonical is missing"},
		{"no offset", "canonical/a.json", replace(`"offset":0,`, ``), "offset is missing"},
		{"negative offset", "canonical/a.json", replace(`"offset":0`, `"offset":-1`), "whole number"},
		{"no bytes", "canonical/a.json", replace(`{"text":"{}"}`, `{}`), "neither text"},
		{"two forms of bytes", "canonical/a.json", replace(`{"text":"{}"}`, `{"text":"{}","hex":"00"}`), `unknown member "hex"`},
		{"bad hex", "canonical/a.json", replace(`{"text":"{}"}`, `{"hex":"0"}`), "hex"},
		{"bad base64", "canonical/a.json", replace(`{"text":"{}"}`, `{"base64":"!"}`), "base64"},
		{"parts without times", "canonical/a.json", replace(`{"text":"{}"}`, `{"parts":[{"text":"x"}]}`), "times"},
		{"parts beyond the limit", "canonical/a.json", replace(`{"text":"{}"}`, `{"parts":[{"text":"xx","times":4194304}]}`), "times"},
		{"parts of no object", "canonical/a.json", replace(`{"text":"{}"}`, `{"parts":[1]}`), "parts holds a value of type number"},
		{"parts in no array", "canonical/a.json", replace(`{"text":"{}"}`, `{"parts":{}}`), "parts is of type object, not a list"},
		{"digest of nothing known", "digests/a.json", area("digests", `{"op":"md5"}`, `{"digest":"x"}`), "op is"},
		{"salt too short", "digests/a.json", area("digests", `{"op":"paramsCommitment","salt":"AA","params":{}}`, `{"digest":"x"}`), "salt"},
		{"multikey error unknown", "multikey/a.json", area("multikey", `{"multikey":"z"}`, `{"error":"bad"}`), "error is"},
		{"did without document", "did/a.json", area("did", `{"op":"key","verificationMethod":"x","purpose":"x","now":"2026-01-01T00:00:00Z"}`, `{"error":"X"}`), "document is missing"},
		{"did with two documents", "did/a.json", area("did", `{"op":"key","verificationMethod":"x","purpose":"x","now":"2026-01-01T00:00:00Z","document":{},"documentBytes":{"text":""}}`, `{"error":"X"}`), "exclude"},
		{"did with a bad time", "did/a.json", area("did", `{"op":"key","verificationMethod":"x","purpose":"x","now":"2026","document":{}}`, `{"error":"X"}`), "now"},
		{"proof with a bad key", "dataintegrity/a.json", area("dataintegrity", `{"publicKeyMultibase":"z","document":{}}`, `{"verified":false,"code":"x"}`), "multikey"},
		{"proof without a code", "dataintegrity/a.json", area("dataintegrity", `{"publicKeyMultibase":"z6Mkon3Necd6NkkyfoGoHxid2znGc59LU3K7mubaRcFbLfLX","document":{}}`, `{"verified":false}`), "code is missing"},
		{"proof verified is text", "dataintegrity/a.json", area("dataintegrity", `{"publicKeyMultibase":"z6Mkon3Necd6NkkyfoGoHxid2znGc59LU3K7mubaRcFbLfLX","document":{}}`, `{"verified":"true","code":"x"}`), "boolean"},
		{"permits without a schema", "permits/a.json", area("permits", `{"content":{}}`, `{"rules":[]}`), "schema is missing"},
		{"permits with another remainder", "permits/a.json", area("permits", `{"content":{}}`, `{"schema":false,"rules":[{"rule":"r","left":"much"}]}`), "left"},
		{"policy deny without a reason", "policy/a.json", area("policy", `{"content":{}}`, `{"decision":"deny"}`), "reason is missing"},
		{"policy content unreadable", "policy/a.json", area("policy", `{"contentBytes":{"text":"{"}}`, `{"decision":"allow"}`), "content"},
		{"policy evaluations no array", "policy/a.json", area("policy", `{"content":{}}`, `{"decision":"allow","evaluations":{}}`), "evaluations is of type object, not a list"},
		{"receipt without a receipt", "receipt/a.json", area("receipt", `{"issuers":[],"now":"2026-01-01T00:00:00Z"}`, `{"verdict":"not_verified"}`), "receipt is missing"},
		{"receipt with a bad document", "receipt/a.json", area("receipt", `{"receipt":{},"issuers":[],"now":"2026-01-01T00:00:00Z","didDocuments":[{}]}`, `{"verdict":"not_verified"}`), "didDocuments"},
		{"issuers no strings", "receipt/a.json", area("receipt", `{"receipt":{},"issuers":[1],"now":"2026-01-01T00:00:00Z"}`, `{"verdict":"not_verified"}`), "issuers holds a value of type number"},
		{"issuers no array", "receipt/a.json", area("receipt", `{"receipt":{},"issuers":"x","now":"2026-01-01T00:00:00Z"}`, `{"verdict":"not_verified"}`), "issuers is of type string, not a list"},
		{"verify deny without a reason", "verify/a.json", verify(``, `{"decision":"deny","check":"x"}`), "reason is missing"},
		{"verify deny without a check", "verify/a.json", verify(``, `{"decision":"deny","reason":"x"}`), "check is missing"},
		{"verify flag false", "verify/a.json", strings.Replace(verify(``, none), `"config":{`, `"config":{"w3cOnly":false,`, 1), "true"},
		{"verify flag unknown", "verify/a.json", strings.Replace(verify(``, none), `"config":{`, `"config":{"insecureAll":true,`, 1), "insecureAll"},
		{"verify without a presentation", "verify/a.json", strings.Replace(verify(``, none), `"presentation":{}`, ``, 1), "presentation is missing"},
		{"verify request is text", "verify/a.json", strings.Replace(verify(``, none), `{"presentation":{}}`, `"x"`, 1), "request is of type string, not an object"},
		{"verify list without a URL", "verify/a.json", verify(`,"statusLists":[{"credential":{}}]`, none), "url is missing"},
		{"verify before without a decision", "verify/a.json", verify(`,"before":[{"executionParams":{}}]`, none), "decision is missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cases, err := LoadDir(fstest.MapFS{tt.path: {Data: []byte(tt.file)}})
			switch {
			case tt.want == "" && (err != nil || len(cases) != 1):
				t.Fatalf("%d cases, %v", len(cases), err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Fatalf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestLoadDirFolders(t *testing.T) {
	if _, err := LoadDir(fstest.MapFS{"README.md": {Data: []byte("x")}}); err == nil || !strings.Contains(err.Error(), "no cases") {
		t.Errorf("a folder without cases: %v", err)
	}
	if _, err := LoadDir(fstest.MapFS{"a.json": {Data: make([]byte, maxFileBytes+1)}}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a file that is too large: %v", err)
	}
	if _, err := LoadDir(broken{}); err == nil {
		t.Error("a folder that cannot be read")
	}
	if _, err := LoadDir(unreadable{fstest.MapFS{"a.json": {Data: []byte("{}")}}}); err == nil {
		t.Error("a file that cannot be read")
	}
}

type broken struct{}

func (broken) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

// unreadable lists files that cannot be opened.
type unreadable struct{ fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".json") {
		return nil, fs.ErrPermission
	}
	return u.MapFS.Open(name)
}

// Every member of every file is needed: if it is missing or renamed, the file
// is refused or the case fails.
func TestEveryRequiredMember(t *testing.T) {
	for id, doc := range documents(t) {
		raw := doc.Raw()
		var file map[string]any
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatal(err)
		}
		for member := range file["expect"].(map[string]any) {
			renamed := map[string]any{}
			for name, v := range file["expect"].(map[string]any) {
				if name == member {
					name += "X"
				}
				renamed[name] = v
			}
			changed := map[string]any{}
			for name, v := range file {
				changed[name] = v
			}
			changed["expect"] = renamed
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			if err := e.Encode(changed); err != nil {
				t.Fatal(err)
			}
			if _, err := parseCase(b.Bytes()); err == nil {
				t.Errorf("%s: read with %sX in expect", id, member)
			}
		}
	}
}

func FuzzParseCase(f *testing.F) {
	for _, id := range []string{"canonical/duplicate-name", "did/method-multikey", "multikey/ed25519", "digests/content-digest",
		"policy/cap-equal", "receipt/unsigned", "verify/request-empty-object", "dataintegrity/empty-array"} {
		b, err := fs.ReadFile(builtin, "data/"+id+".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCase(b)
		if err != nil {
			return
		}
		// Every case that loads can run and has an outcome.
		if r := Run(t.Context(), c); strings.HasPrefix(r.Detail, "panic") {
			t.Error(r.Detail)
		}
	})
}
