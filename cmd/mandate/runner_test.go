package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/testvectors"
)

// runner is another implementation, started as by a script. It knows two
// digests, and its argument sets its behaviour.
func runner() {
	var question struct {
		ID     string
		Input  struct{ Document any }
		Expect any
	}
	if err := json.NewDecoder(os.Stdin).Decode(&question); err != nil || question.ID == "" || question.Expect != nil {
		fmt.Fprintln(os.Stderr, "not a question", err)
		os.Exit(1)
	}
	switch strings.Join(os.Args[1:], " ") {
	case "that crashes":
		fmt.Fprintln(os.Stderr, "out of cheese")
		os.Exit(3)
	case "that hangs":
		r, _, _ := os.Pipe()
		r.Read(make([]byte, 1))
	case "that babbles":
		fmt.Print(strings.Repeat(" ", maxAnswer+1))
	case "that says no JSON":
		fmt.Print("sha256-x")
	}
	digest := "sha256-T1PNoYwrqgwDVLtgfj7L5e0Sq01OEbqHPC8RFhICuUU="
	if _, isObject := question.Input.Document.(map[string]any); isObject {
		digest = "sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
	}
	fmt.Printf("{\n  \"digest\": %q\n}\n", digest)
}

func TestProgress(t *testing.T) {
	var b strings.Builder
	showProgress(&b, 1, 2)
	showProgress(&b, 2, 2)
	if want := "\r1/2\r2/2\r          \r"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// The input for a runner must not contain the expected outcome.
func TestInputOmitsOutcome(t *testing.T) {
	cases, err := testvectors.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		var q map[string]any
		if err := json.Unmarshal(c.Question(), &q); err != nil || q["id"] != c.ID || q["input"] == nil || q["expect"] != nil || strings.Contains(string(c.Question()), "\n") {
			t.Errorf("%s: %v %.100s", c.ID, err, c.Question())
		}
	}
}
