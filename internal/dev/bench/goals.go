package main

// A goal is a row of the table: a measurement, its unit, and the limits of
// their ratio. V is one ed25519.Verify of the standard library, S one
// ed25519.Sign. F is the minimum of a decision: 2 V + S, or V + S if the
// credential was verified before.
type goal struct {
	id            string // of the row, for --row
	group         string // of rows that are measured together
	subject, base string
	must, stretch float64 // 0 for none
	atLeast       bool    // higher is better
}

// goals returns the rows, in the order of the table.
func goals() []goal {
	return []goal{
		{id: "warm", group: "verify", subject: "warm verify, receipt signed", base: "F = 2 V + S", must: 1.50, stretch: 1.35},
		{id: "hit", group: "verify", subject: "verify, credential verified before, new challenge", base: "V + S", must: 1.75, stretch: 1.50},
		{id: "cold", group: "verify", subject: "verify, cold did:key keys", base: "F", must: 1.60, stretch: 1.40},
		{id: "collector", group: "collector", subject: "garbage collection for a warm verify", base: "F"},
		{id: "allocs", group: "allocs", subject: "allocations of a warm verify", base: "1", must: 150, stretch: 60},
		{id: "tail", group: "tail", subject: "p99/p50 of a warm verify", base: "p99/p50 of F", must: 1.35, stretch: 1.15},
		{id: "many", group: "many", subject: "verify in parallel, what a second core brings", base: "what it brings F", must: .90, stretch: .97, atLeast: true},
		{id: "jcs", group: "jcs", subject: "canonicalize a VP", base: "gowebpki/jcs", must: .20, stretch: .10},
		{id: "jsontext", group: "jsontext", subject: "canonicalize a VP", base: "jsontext", must: 1, stretch: .50},
		{id: "reject", group: "reject", subject: "reject before crypto, receipt not counted", base: "V", must: .40, stretch: .25},
		{id: "reject-unsigned", group: "reject", subject: "reject before crypto, receipt not signed", base: "V"},
		{id: "reject-signed", group: "reject", subject: "reject before crypto, receipt signed", base: "V + S"},
		{id: "asymmetry", group: "asymmetry", subject: "reject per KiB sent, worst vector", base: "V", must: 1.8, stretch: 1.4},
		{id: "asymmetry-stranger", group: "asymmetry", subject: "reject per KiB sent, worst of those without an issued credential", base: "V"},
		{id: "receipt", group: "receipt", subject: "receipt, build and sign", base: "S", must: 1.35, stretch: 1.20},
		{id: "append", group: "receipt", subject: "receipt, build, sign and append without fsync", base: "S", must: 1.60, stretch: 1.40},
		{id: "durable", group: "durable", subject: "durable append, 64 callers", base: "fsync / 64", must: 2, stretch: 1.2},
		{id: "http", group: "http", subject: "HTTP POST verify, sockets apart", base: "verify", must: 1.40, stretch: 1.15},
		{id: "http-loopback", group: "http", subject: "HTTP POST verify, loopback and its client", base: "verify"},
		{id: "list", group: "list", subject: "list page, indexed", base: "get by id", must: 10, stretch: 5},
		{id: "search", group: "list", subject: "search, deep page, totals", base: "get by id", must: 500, stretch: 100},
		{id: "memory", group: "memory", subject: "bytes kept per mandate", base: "bytes of its VC", must: 1, stretch: .5},
		{id: "startup", group: "startup", subject: "process start to first allow, CPU time", base: "1 ms", must: 15, stretch: 8},
		{id: "size-core", group: "size", subject: "stripped binary, verify only", base: "1 MiB", must: 10},
		{id: "size-full", group: "size", subject: "stripped binary, HTTP and SQLite", base: "1 MiB", must: 32},
	}
}

// verdict compares a ratio with a goal.
func (g goal) verdict(ratio float64) string {
	meets := func(limit float64) bool {
		return limit != 0 && (ratio <= limit) != g.atLeast || limit != 0 && ratio == limit
	}
	switch {
	case g.must == 0:
		return ""
	case meets(g.stretch):
		return "stretch"
	case meets(g.must):
		return "ok"
	}
	return "MISSED"
}
