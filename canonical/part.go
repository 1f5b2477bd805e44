package canonical

import "slices"

// Document returns v as a document of its own, as if l.Parse had read v.Raw(): offsets
// and pointers begin at v. It does not read the text again. The new document shares
// memory with the one that holds v. The error is that of l.Parse, when v exceeds one
// of the limits or is absent.
func (v Value) Document(l Limits) (*Doc, error) {
	n := v.node()
	if n.kind == Absent || !v.within(l.withDefaults()) {
		return l.Parse(v.Raw()) // which says what exceeds the limit, and where
	}
	part := &Doc{src: v.d.src[n.off:n.end], text: v.d.text, nums: v.d.nums, nodes: slices.Clone(v.d.nodes[v.i:n.next])}
	for i := range part.nodes {
		m := &part.nodes[i]
		switch {
		case m.kind == String && !m.indirect:
			m.a, m.b = m.a-n.off, m.b-n.off
		case m.kind == Object && m.b >= 0:
			start := int32(len(part.order))
			for _, key := range v.d.order[m.b : m.b+m.a] {
				part.order = append(part.order, key-v.i)
			}
			m.b = start
		}
		m.off, m.end, m.next = m.off-n.off, m.end-n.off, m.next-v.i
	}
	return part, nil
}

// within reports whether v keeps the limits as a document of its own.
func (v Value) within(l Limits) bool {
	nodes := v.d.nodes[v.i:v.node().next]
	values := len(nodes)
	var open []int32 // the ends of the containers around a node
	for i, n := range nodes {
		for len(open) > 0 && open[len(open)-1] <= v.i+int32(i) {
			open = open[:len(open)-1]
		}
		switch n.kind {
		case Object:
			values -= int(n.a) // a member is two nodes
			open = append(open, n.next)
		case Array:
			open = append(open, n.next)
		case Number:
			if int(n.end-n.off) > l.MaxNumberBytes {
				return false
			}
		}
		if len(open) > l.MaxDepth {
			return false
		}
	}
	return v.Size() <= l.MaxBytes && values <= l.MaxValues
}
