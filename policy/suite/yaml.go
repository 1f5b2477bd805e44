package suite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/mandate-engine/mandate/canonical"
)

// maxFileBytes bounds the size of a suite, and of the content file that it
// names.
const maxFileBytes = 1 << 20

// parseYAML reads the single document of a YAML file as JSON. It refuses
// everything that JSON does not have: aliases, anchors, tags (the parser drops
// a lone !, which has no effect), keys other than strings, numbers in other
// forms, and duplicate keys. A plain date or time is a string.
func parseYAML(b []byte) (canonical.Value, error) {
	var root yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&root); err != nil {
		return canonical.Value{}, err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return canonical.Value{}, errors.New("there is more than one document")
	}
	var out bytes.Buffer
	if err := writeJSON(&out, root.Content[0]); err != nil {
		return canonical.Value{}, err
	}
	doc, err := canonical.Limits{MaxBytes: 2 * maxFileBytes}.Parse(out.Bytes())
	if err != nil {
		return canonical.Value{}, err
	}
	return doc.Root(), nil
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

func writeJSON(out *bytes.Buffer, n *yaml.Node) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...))
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return refuse("aliases, anchors and tags are not read")
	}
	switch n.Kind {
	case yaml.MappingNode:
		return writeAll(out, n, '{', '}')
	case yaml.SequenceNode:
		return writeAll(out, n, '[', ']')
	}
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
		b, err := canonical.Marshal(n.Value)
		if err != nil {
			return refuse("%v", err)
		}
		out.Write(b)
	case "!!int", "!!float":
		if !jsonNumber.MatchString(n.Value) {
			return refuse("%.40q is no number in JSON; quote it if it is a text", n.Value)
		}
		out.WriteString(n.Value)
	case "!!bool":
		if n.Value != "true" && n.Value != "false" {
			return refuse("%.40q: write true or false, or quote it if it is a text", n.Value)
		}
		out.WriteString(n.Value)
	case "!!null":
		out.WriteString("null")
	default:
		return refuse("%.40q is not read; quote it if it is a text", n.Value)
	}
	return nil
}

func writeAll(out *bytes.Buffer, n *yaml.Node, open, end byte) error {
	out.WriteByte(open)
	for i, child := range n.Content {
		isKey := open == '{' && i%2 == 0
		switch {
		case i == 0:
		case open == '{' && !isKey:
			out.WriteByte(':')
		default:
			out.WriteByte(',')
		}
		if isKey && (child.Kind != yaml.ScalarNode || child.ShortTag() != "!!str" && child.ShortTag() != "!!timestamp") {
			return fmt.Errorf("line %d: the key %.40q is no string; quote it", child.Line, child.Value)
		}
		if err := writeJSON(out, child); err != nil {
			return err
		}
	}
	out.WriteByte(end)
	return nil
}
