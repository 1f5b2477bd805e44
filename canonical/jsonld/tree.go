package jsonld

import "github.com/mandate-engine/mandate/canonical"

// tree converts v to the form that json-gold reads, without the values in
// skip. Absent and null values become nil.
func tree(v canonical.Value, skip map[canonical.Value]bool) any {
	switch v.Kind() {
	case canonical.Bool:
		b, _ := v.Bool()
		return b
	case canonical.Number:
		f, _ := v.Float64()
		return f
	case canonical.String:
		s, _ := v.String()
		return s
	case canonical.Array:
		a := make([]any, 0, v.Len())
		for _, e := range v.Elements() {
			if !skip[e] {
				a = append(a, tree(e, skip))
			}
		}
		return a
	case canonical.Object:
		o := make(map[string]any, v.Len())
		for name, m := range v.Members() {
			if !skip[m] {
				o[name] = tree(m, skip)
			}
		}
		return o
	}
	return nil
}
