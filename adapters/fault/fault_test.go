package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/adapters/fault"
)

func TestReader(t *testing.T) {
	read := func(body string) (string, error) {
		o, err := fault.Body([]byte(body), 200, false)
		if err != nil {
			return "", err
		}
		var out []any
		out = append(out, o.Text("t", 3, false), o.Prose("p", 3, false), o.Enum("e", "x", "x", "y"), o.Bool("b", false), o.Texts("l", 2, 2, false))
		for _, c := range o.Objects("o", 2, false) {
			out = append(out, c.Number("n", true), c.Text("r", 5, true))
		}
		if c := o.Object("c~/", false); c != nil {
			out = append(out, c.Enum("e", "", "x"))
		}
		return fmt.Sprint(out), o.Err()
	}
	tests := []struct{ name, body, want string }{
		{"all of it", `{"t":"äöü","p":"a\nb","e":"y","b":true,"l":["a","bc"],"o":[{"n":1,"r":"r"}],"c~/":{"e":"x"},"more":null}`, "[äöü a\nb y true [a bc] 1 r x]"},
		{"nothing", `{}`, "[  x false []]"},
		{"no JSON", `{"t":`, `malformed_json ("/t")`},
		{"a member twice", `{"t":"a","t":"b"}`, `malformed_json ("/t")`},
		{"a list", `[]`, `invalid_type ("")`},
		{"too large", `{"t":"` + strings.Repeat("a", 200) + `"}`, `too_large ("")`},
		{"text too long", `{"t":"abcd"}`, `too_long ("/t")`},
		{"text of another type", `{"t":1}`, `invalid_type ("/t")`},
		{"text null", `{"t":null}`, `invalid_type ("/t")`},
		{"text of two lines", `{"t":"a\nb"}`, `invalid_value ("/t")`},
		{"prose with a bell", `{"p":"a\u0007"}`, `invalid_value ("/p")`},
		{"none of them", `{"e":"z"}`, `invalid_value ("/e")`},
		{"enum of another type", `{"e":["x"]}`, `invalid_type ("/e")`},
		{"bool as text", `{"b":"true"}`, `invalid_type ("/b")`},
		{"list too long", `{"l":["a","b","c"]}`, `too_long ("/l")`},
		{"no list", `{"l":"a"}`, `invalid_type ("/l")`},
		{"item too long", `{"l":["a","abc"]}`, `too_long ("/l/1")`},
		{"item of another type", `{"l":[{}]}`, `invalid_type ("/l/0")`},
		{"empty item", `{"l":[""]}`, `invalid_value ("/l/0")`},
		{"no object", `{"o":[{"n":1,"r":"r"},1]}`, `invalid_type ("/o/1")`},
		{"missing", `{"o":[{"n":1}]}`, `missing_field ("/o/0/r")`},
		{"empty", `{"o":[{"n":1,"r":""}]}`, `invalid_value ("/o/0/r")`},
		{"below 0", `{"o":[{"n":-1,"r":"r"}]}`, `out_of_range ("/o/0/n")`},
		{"not whole", `{"o":[{"n":1.5,"r":"r"}]}`, `out_of_range ("/o/0/n")`},
		{"number missing", `{"o":[{"r":"r"}]}`, `missing_field ("/o/0/n")`},
		{"names are escaped", `{"c~/":{}}`, `missing_field ("/c~0~1/e")`},
		{"the first fault counts", `{"t":1,"b":1}`, `invalid_type ("/t")`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(tt.body)
			if err != nil {
				got = err.Error()
				var f *fault.Error
				if !errors.As(err, &f) || f.Kind == 0 || !f.InBody || fault.CodeOf(err) != f.Code {
					t.Errorf("%#v", err)
				}
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if o, err := fault.Body(nil, 10, true); err != nil || o.Has("t") {
		t.Error("the empty body", err)
	}
	if _, err := fault.Body(nil, 10, false); fault.CodeOf(err) != fault.MalformedJSON {
		t.Error("an empty body", err)
	}
	if fault.CodeOf(errors.New("x")) != "" || fault.Param("p", "c", "d").Error() != "c (p): d" {
		t.Error("errors")
	}
}
