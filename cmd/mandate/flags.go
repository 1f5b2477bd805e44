package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/xsdtime"
	"github.com/mandate-engine/mandate/verifier"
)

// text is the value of a flag that may be given once and must not be empty: an
// unset shell variable must not turn off a check, and a second flag must not
// replace the first.
type text struct{ value string }

func (t *text) String() string { return t.value }
func (*text) Type() string     { return "string" }

func (t *text) Set(s string) error {
	switch {
	case s == "":
		return errEmpty
	case t.value != "":
		return errTwice
	}
	t.value = s
	return nil
}

var (
	errEmpty = errors.New("it is empty")
	errTwice = errors.New("it is given twice")
)

// texts is the value of a repeatable flag. Commas do not separate values.
type texts []string

func (t *texts) String() string { return strings.Join(*t, " ") }
func (*texts) Type() string     { return "string" }

func (t *texts) Set(s string) error {
	if s == "" {
		return errEmpty
	}
	*t = append(*t, s)
	return nil
}

// instant is a flag that takes an xsd:dateTimeStamp, such as an RFC 3339 time.
type instant struct {
	t   time.Time
	set bool
}

func (*instant) Type() string { return "time" }

func (i *instant) String() string {
	if !i.set {
		return ""
	}
	return i.t.Format(time.RFC3339Nano)
}

func (i *instant) Set(s string) error {
	if i.set {
		return errTwice
	}
	t, err := xsdtime.Parse(s)
	if err != nil {
		return err
	}
	i.t, i.set = t, true
	return nil
}

// or returns the time of the flag, or the current time if the flag is not set.
func (i *instant) or(now func() time.Time) time.Time {
	if i.set {
		return i.t
	}
	return now()
}

// duration is a flag that takes a positive duration. Zero is refused, because
// the engine takes it as the default.
type duration time.Duration

func (*duration) Type() string { return "duration" }

func (d *duration) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

func (d *duration) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err == nil && v <= 0 {
		err = errors.New("it is not positive")
	}
	*d = duration(v)
	return err
}

// number is a flag that takes an integer from 0.
type number struct {
	n   int64
	set bool
}

func (*number) Type() string { return "int" }

func (n *number) String() string {
	if !n.set {
		return ""
	}
	return strconv.FormatInt(n.n, 10)
}

func (n *number) Set(s string) error {
	v, err := strconv.ParseInt(s, 10, 64)
	switch {
	case n.set:
		return errTwice
	case err != nil || v < 0:
		return errors.New("it is no whole number from 0")
	}
	n.n, n.set = v, true
	return nil
}

// binding is the flag --issuer-binding.
type binding struct{ verifier.IssuerBinding }

func (*binding) Type() string { return "strict|listed" }

func (b *binding) Set(s string) error {
	switch s {
	case "strict":
		b.IssuerBinding = verifier.IssuerStrict
	case "listed":
		b.IssuerBinding = verifier.IssuerListed
	default:
		return errors.New("it is neither strict nor listed")
	}
	return nil
}

func jsonFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "json", false, "print one JSON object on stdout")
}

func atFlag(cmd *cobra.Command, to *instant) {
	cmd.Flags().Var(to, "at", "the `time` to judge at, RFC 3339; default now")
}

// didSources are the flags for the sources of DID documents.
type didSources struct {
	files texts
	web   bool
}

func (s *didSources) flags(cmd *cobra.Command) {
	cmd.Flags().Var(&s.files, "did-doc", "pin the DID document in `FILE`; repeatable")
	cmd.Flags().BoolVar(&s.web, "did-web", false, "fetch the documents of did:web over HTTPS")
}

// resolver returns a resolver for the documents in files, did:key and did:jwk.
// It does network I/O only if did:web is requested; otherwise every other DID
// is not found. A DID with a document in a file is never fetched.
func (a *app) resolver(s didSources) (didresolve.Resolver, error) {
	seen := map[string]bool{}
	var docs []*didresolve.Document
	for _, name := range s.files {
		b, err := a.read(name)
		if err != nil {
			return nil, err
		}
		doc, err := didresolve.ParseDocument(b)
		if err != nil {
			return nil, unusable("%s: %w", name, err)
		}
		if seen[doc.ID()] {
			return nil, unusable("%s: --did-doc has pinned another document for %s", name, doc.ID())
		}
		seen[doc.ID()] = true
		docs = append(docs, doc)
	}
	resolvers := []didresolve.Resolver{didresolve.Static(docs...), didresolve.Key(), didresolve.JWK()}
	if s.web {
		web, err := a.web()
		if err != nil {
			return nil, err
		}
		resolvers = append(resolvers, &didresolve.Cache{Resolver: web, Now: a.now})
	}
	return didresolve.Chain(resolvers...), nil
}
