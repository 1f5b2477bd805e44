package policy

import (
	"os"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
)

func readFile(t testing.TB, name string) canonical.Value {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(b))
}

func BenchmarkEvaluate(b *testing.B) {
	a, err := Compile(readFile(b, "hotel-content.json"))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"allow", "deny", "invalid"} {
		b.Run(name, func(b *testing.B) {
			in := Input{
				UserParams:      readFile(b, "hotel-user.json"),
				ExecutionParams: readFile(b, "hotel-"+name+".json"),
				Now:             testNow,
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Evaluate(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	content := readFile(b, "hotel-content.json")
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Compile(content); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cached", func(b *testing.B) {
		var c Cache
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Compile(content); err != nil {
				b.Fatal(err)
			}
		}
	})
}
