package jsonread_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonread"
)

func root(t testing.TB, text string) canonical.Value {
	d, err := canonical.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func TestReader(t *testing.T) {
	// all reads one member of each kind, and says what it read.
	all := func(r jsonread.Reader) string {
		out := fmt.Sprint(r.Text("text"), r.Filled("filled"), r.TextIf("textIf"), r.Texts("texts"), r.TextsIf("textsIf") == nil, r.Bool("bool"),
			r.Integer("int", -1), r.Time("time").UTC().Unix())
		o, or := r.Object("object"), r.ObjectIf("objectIf")
		out += fmt.Sprint(o.Text("t"), or.TextIf("t"))
		for _, e := range r.Objects("objects") {
			out += e.Text("t")
			e.Done()
		}
		o.Done()
		or.Done()
		r.Done()
		return out
	}
	const good = `"text":"","filled":"b","texts":["c",""],"bool":true,"int":-1,"time":"1970-01-01T01:00:01+01:00","object":{"t":"d"},"objects":[{"t":"e"},{"t":"f"}]`
	without := func(name string) string {
		v := root(t, "{"+good+"}")
		return string(v.AppendCanonical(nil, canonical.Omit(name)))
	}
	with := func(name, value string) string {
		v := root(t, `{"x":`+value+`}`)
		return string(root(t, "{"+good+"}").AppendCanonical(nil, canonical.Replace(name, v.Get("x"))))
	}
	tests := []struct{ name, text, want string }{
		{"all of it", "{" + good + "}", "b[c ] true true -1 1def"},
		{"what may be absent", `{"textIf":"g","textsIf":[],"objectIf":{"t":"h"},` + good + "}", "bg[c ] false true -1 1dhef"},
		{"no object", `[]`, `at "": text is missing`},
		{"no text", without("text"), `at "": text is missing`},
		{"text null", with("text", "null"), `at "/text": text is of type null, not a string`},
		{"empty", with("filled", `""`), `at "": filled is empty`},
		{"optional text null", `{"textIf":null,` + good + "}", `at "/textIf": textIf is of type null, not a string`},
		{"optional list null", `{"textsIf":null,` + good + "}", `at "/textsIf": textsIf is of type null, not a list`},
		{"optional object null", `{"objectIf":null,` + good + "}", `at "/objectIf": objectIf is of type null, not an object`},
		{"no list", with("texts", `"c"`), `at "/texts": texts is of type string, not a list`},
		{"no list of texts", with("texts", `["c",1]`), `at "/texts/1": texts holds a value of type number`},
		{"no boolean", with("bool", `"true"`), `at "/bool": bool is of type string, not a boolean`},
		{"number missing", without("int"), `at "": int is missing`},
		{"number too small", with("int", `-2`), `at "/int": int is not a whole number from -1`},
		{"number not whole", with("int", `1.5`), `at "/int": int is not a whole number from -1`},
		{"number too large", with("int", `9007199254740992`), `at "/int": int is not a whole number from -1`},
		{"number as text", with("int", `"1"`), `at "/int": int is not a whole number from -1`},
		{"time without a zone", with("time", `"1970-01-01T01:00:01"`), `at "/time": time: `},
		{"time as number", with("time", `1`), `at "/time": time is of type number, not a string`},
		{"object missing", without("object"), `at "": object is missing`},
		{"object as list", with("object", `[]`), `at "/object": object is of type array, not an object`},
		{"member of an object", with("object", `{"t":1}`), `at "/object/t": t is of type number, not a string`},
		{"no list of objects", with("objects", `{}`), `at "/objects": objects is of type object, not a list`},
		{"list of other things", with("objects", `[{"t":"e"},[]]`), `at "/objects/1": objects holds a value of type array`},
		{"unknown member", `{"more":1,` + good + "}", `at "/more": unknown member "more"`},
		{"unknown member deeper", with("objects", `[{"t":"e","m~/":null}]`), `at "/objects/0/m~0~1": unknown member "m~/"`},
		{"the first fault counts", `{"text":1,"bool":1}`, `at "/text": text is of type number, not a string`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := jsonread.Strict(root(t, tt.text))
			got := all(r)
			if f := r.Fault(); f != nil {
				got = f.Error()
				if r.Err() != error(f) {
					t.Errorf("Err is %v, Fault %v", r.Err(), f)
				}
			} else if r.Err() != nil {
				t.Errorf("Err is %v without a Fault", r.Err())
			}
			if len(got) < len(tt.want) || got[:len(tt.want)] != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	r := jsonread.New(root(t, `{"a":{"b":1}}`))
	if a := r.Object("a"); r.Err() != nil || a.Integer("b", 1) != 1 {
		t.Error(r.Err())
	}
	if r.Only("a"); r.Err() != nil {
		t.Error(r.Err())
	}
	mine, later := errors.New("mine"), r.In(r.At.Get("a"))
	later.Keep(mine)
	r.Fail(r.At, "later")
	r.Keep(errors.New("later"))
	if f := r.Fault(); r.Err() != mine || f == nil || f.Message != "mine" {
		t.Errorf("%v, %v", r.Err(), f)
	}
	// One that keeps no record refuses all rather than nothing.
	r = jsonread.New(r.At)
	r.Get("a")
	if r.Done(); r.Err() == nil {
		t.Error("Done of New accepts")
	}
}
