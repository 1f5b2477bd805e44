// Package storetest answers one question: does this store.Store keep the
// promises of the interface? It implements the conformance test of
// store.Store.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mandate-engine/mandate/adapters/store"
)

// Check tests a and b, two handles of one empty store, such as those of two
// processes. It returns an error that lists every broken promise, or nil.
func Check(a, b store.Store) error {
	c := &checker{a: a, b: b, ctx: context.Background(), now: time.Date(2026, 5, 2, 10, 15, 30, 0, time.UTC)}
	for _, f := range []func(){c.whole, c.together, c.names, c.answers, c.catalog, c.life, c.lists} {
		f()
	}
	return errors.Join(c.faults...)
}

type checker struct {
	a, b   store.Store
	ctx    context.Context
	now    time.Time
	faults []error
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("storetest: "+format, args...))
}

func (c *checker) want(what string, err, want error) {
	if !errors.Is(err, want) {
		c.fault("%s: %v, want %v", what, err, want)
	}
}

func (c *checker) update(f func(store.Tx) error) error { return c.a.Update(c.ctx, f) }
func (c *checker) view(f func(store.Tx) error) error   { return c.b.View(c.ctx, f) }

func (c *checker) setting(name string) (value string, err error) {
	err = c.view(func(t store.Tx) error {
		v, err := t.Setting(name)
		value = string(v)
		return err
	})
	return value, err
}

// whole checks that updates are atomic.
func (c *checker) whole() {
	_, err := c.setting("a")
	c.want("a setting nobody made", err, store.ErrNotFound)
	mine := errors.New("mine")
	err = c.update(func(t store.Tx) error {
		if err := t.PutSetting("a", []byte("1")); err != nil {
			return err
		}
		return mine
	})
	if err != mine {
		c.fault("the error of an update comes back as %v", err)
	}
	_, err = c.setting("a")
	c.want("a setting of an update that failed", err, store.ErrNotFound)
	func() {
		defer func() {
			if recover() != "bug" {
				c.fault("a panic in an update does not come back")
			}
		}()
		_ = c.update(func(t store.Tx) error { _ = t.PutSetting("a", []byte("1")); panic("bug") })
	}()
	_, err = c.setting("a")
	c.want("a setting of an update that panicked", err, store.ErrNotFound)
	if err := c.view(func(t store.Tx) error { return t.PutSetting("a", []byte("1")) }); err == nil {
		c.fault("a view writes")
	}
	ctx, cancel := context.WithCancel(c.ctx)
	if err := c.a.Update(ctx, func(t store.Tx) error { cancel(); return t.PutSetting("a", []byte("1")) }); err == nil {
		c.fault("an update is acknowledged though its context is done")
	}
	_, err = c.setting("a")
	c.want("a setting of an update whose context is done", err, store.ErrNotFound)
	for _, v := range []string{"1", "2"} {
		c.want("an update", c.update(func(t store.Tx) error { return t.PutSetting("a", []byte(v)) }), nil)
		if got, err := c.setting("a"); err != nil || got != v {
			c.fault("the other handle reads %q, %v; want %q", got, err, v)
		}
	}
}

// together checks that concurrent updates through both handles are serialized,
// and that a failing update does not affect others.
func (c *checker) together() {
	const workers, each = 8, 10
	var mu sync.Mutex
	var wg sync.WaitGroup
	failed := errors.New("failed")
	for w := range workers {
		s := c.a
		if w%2 == 1 {
			s = c.b
		}
		wg.Go(func() {
			for i := range each {
				err := s.Update(c.ctx, func(t store.Tx) error {
					v, err := t.Setting("n")
					if err != nil && !errors.Is(err, store.ErrNotFound) {
						return err
					}
					n, _ := strconv.Atoi(string(v))
					if err := t.PutSetting("n", []byte(strconv.Itoa(n+1))); err != nil {
						return err
					}
					if i%2 == 1 {
						return failed
					}
					return nil
				})
				if i%2 == 0 && err != nil || i%2 == 1 && err != failed {
					mu.Lock()
					c.fault("an update among others: %v", err)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if got, err := c.setting("n"); err != nil || got != strconv.Itoa(workers*each/2) {
		c.fault("%d updates at once count to %q, %v", workers*each/2, got, err)
	}
}

// names checks unique values.
func (c *checker) names() {
	key := store.CustodyKey{Public: make([]byte, 32), Handle: []byte("h")}
	tenant := store.Tenant{ID: "t1", Name: "one", DID: "did:x:1", Key: key, Created: c.now}
	insert := func(t store.Tenant) error {
		return c.update(func(tx store.Tx) error { return tx.InsertTenant(t) })
	}
	c.want("a tenant", insert(tenant), nil)
	for _, t := range []store.Tenant{{ID: "t1", Name: "x", DID: "did:x:x", Key: key}, {ID: "x", Name: "one", DID: "did:x:x", Key: key}, {ID: "x", Name: "x", DID: "did:x:1", Key: key}} {
		c.want("a tenant again", insert(t), store.ErrExists)
	}
	c.want("reading tenants", c.view(func(t store.Tx) error {
		for _, get := range []func() (store.Tenant, error){
			func() (store.Tenant, error) { return t.Tenant("t1") },
			func() (store.Tenant, error) { return t.TenantByName("one") },
			func() (store.Tenant, error) { return t.TenantByDID("did:x:1") },
		} {
			if got, err := get(); err != nil || fmt.Sprint(got) != fmt.Sprint(tenant) {
				c.fault("a tenant comes back as %v, %v", got, err)
			}
		}
		_, err := t.Tenant("one")
		c.want("another tenant", err, store.ErrNotFound)
		return nil
	}), nil)

	k := store.APIKey{ID: "k1", TenantID: "t1", Name: "n", Hash: [32]byte{1}, Secret: []byte("s"), Strict: true, Version: "2026-03-03", Created: c.now, Expires: c.now.Add(time.Hour)}
	put := func() error { return c.update(func(t store.Tx) error { return t.PutAPIKey(k) }) }
	c.want("a key", put(), nil)
	k.Revoked, k.Secret, k.Strict = c.now, []byte("s2"), false
	c.want("a key, revoked", put(), nil)
	c.want("reading keys", c.view(func(t store.Tx) error {
		byHash, err := t.APIKeyByHash([32]byte{1})
		byID, err2 := t.APIKey("k1")
		all, err3 := t.APIKeys()
		if want := fmt.Sprint(k); len(all) != 1 || fmt.Sprint(byHash) != want || fmt.Sprint(byID) != want || fmt.Sprint(all[0]) != want {
			c.fault("a key comes back as %v, %v, %v", byHash, byID, all)
		}
		_, err4 := t.APIKeyByHash([32]byte{2})
		c.want("the key of another hash", err4, store.ErrNotFound)
		return errors.Join(err, err2, err3)
	}), nil)

	u := store.User{TenantID: "t1", Contact: "a@x.example", ID: "u1", DID: "did:x:u1", Key: key, Created: c.now}
	c.want("a user", c.update(func(t store.Tx) error { return t.InsertUser(u) }), nil)
	c.want("a user again", c.update(func(t store.Tx) error { u := u; u.ID, u.DID = "u2", "did:x:u2"; return t.InsertUser(u) }), store.ErrExists)
	u.Identity = store.Identity{KYC: "APPROVED", DocID: "d", Verified: c.now}
	c.want("an identity", c.update(func(t store.Tx) error { return t.SetIdentity("t1", u.Contact, u.Identity) }), nil)
	c.want("the identity of nobody", c.update(func(t store.Tx) error { return t.SetIdentity("t2", u.Contact, u.Identity) }), store.ErrNotFound)
	c.want("reading users", c.view(func(t store.Tx) error {
		got, err := t.User("t1", u.Contact)
		got2, err2 := t.UserByDID("did:x:u1")
		if fmt.Sprint(got) != fmt.Sprint(u) || fmt.Sprint(got2) != fmt.Sprint(u) {
			c.fault("a user comes back as %v, %v", got, got2)
		}
		return errors.Join(err, err2)
	}), nil)
	p := store.Passport{ID: "p1", TenantID: "t1", DID: "did:x:p1", Type: "agent", Name: "n", Key: key, Body: []byte("{}"), ReceiptID: "r", Created: c.now}
	c.want("a passport", c.update(func(t store.Tx) error { return t.InsertPassport(p) }), nil)
	c.want("a passport again", c.update(func(t store.Tx) error { return t.InsertPassport(p) }), store.ErrExists)
	c.want("reading a passport", c.view(func(t store.Tx) error {
		got, err := t.Passport("p1")
		if fmt.Sprint(got) != fmt.Sprint(p) {
			c.fault("a passport comes back as %v", got)
		}
		return err
	}), nil)
}

// answers checks that answers are stored until they expire.
func (c *checker) answers() {
	a := store.Answer{TenantID: "t1", Route: "r", Key: "k", Fingerprint: [32]byte{7}, Body: []byte("b"), RequestID: "q", Until: c.now.Add(time.Hour)}
	put := func(at time.Time) error {
		return c.update(func(t store.Tx) error { return t.PutAnswer(a, at) })
	}
	c.want("an answer", put(c.now), nil)
	c.want("an answer again", put(c.now), store.ErrExists)
	get := func(tenant, route, key string, at time.Time) (got store.Answer, err error) {
		err = c.view(func(t store.Tx) (err error) { got, err = t.Answer(tenant, route, key, at); return err })
		return got, err
	}
	if got, err := get("t1", "r", "k", c.now.Add(time.Hour-1e6)); err != nil || fmt.Sprint(got) != fmt.Sprint(a) {
		c.fault("an answer comes back as %v, %v", got, err)
	}
	for _, of := range [][3]string{{"t2", "r", "k"}, {"t1", "s", "k"}, {"t1", "r", "l"}} {
		_, err := get(of[0], of[1], of[2], c.now)
		c.want("the answer of somebody else", err, store.ErrNotFound)
	}
	_, err := get("t1", "r", "k", a.Until)
	c.want("an answer that is over", err, store.ErrNotFound)
	at := a.Until
	a.Until = at.Add(time.Hour)
	c.want("an answer after one that is over", put(at), nil)
}

// catalog checks versions and the separation of tenants.
func (c *checker) catalog() {
	c.want("entries", c.update(func(t store.Tx) error {
		for v := range int64(3) {
			if err := t.InsertEntry(store.Entry{ID: fmt.Sprint("e", v+1), TenantID: "t1", Kind: "action", Name: "n", Version: v + 1, Digest: fmt.Sprint("d", v+1), Body: []byte("{}"), Created: c.now}); err != nil {
				return err
			}
		}
		return nil
	}), nil)
	c.want("a version again", c.update(func(t store.Tx) error {
		return t.InsertEntry(store.Entry{ID: "e9", TenantID: "t1", Kind: "action", Name: "n", Version: 3, Body: []byte("{}")})
	}), store.ErrExists)
	c.want("reading entries", c.view(func(t store.Tx) error {
		newest, err := t.NewestEntry("t1", "action", "n")
		list, err2 := t.Entries("t1", "action", 2)
		digest, err3 := t.EntryByDigest("d2")
		if newest.ID != "e3" || len(list) != 2 || list[0].ID != "e3" || digest.ID != "e2" {
			c.fault("entries come back as %v, %v, %v", newest, list, digest)
		}
		for _, of := range [][3]string{{"t2", "action", "e1"}, {"t1", "resource", "e1"}, {"t1", "action", "e4"}} {
			_, err := t.Entry(of[0], of[1], of[2])
			c.want("an entry of somebody else", err, store.ErrNotFound)
		}
		_, err4 := t.EntryByDigest("")
		c.want("an entry without a digest", err4, store.ErrNotFound)
		return errors.Join(err, err2, err3)
	}), nil)
}

// life checks a request from creation to its end, and its receipts.
func (c *checker) life() {
	r := &store.Request{ID: "q1", TenantID: "life", Seq: store.NewSeq(c.now, 1), Created: c.now, SecurityLevel: "CONTACT", Name: "n", InternalID: "i", Body: []byte("{}"),
		Subjects:    []store.Subject{{Contact: "a", DID: "did:x:a", Name: "A", InternalID: "ia", Code: "1", OTP: []byte("m"), OTPUntil: c.now}, {Contact: "b"}},
		Credentials: []store.Credential{{ID: "c1", RequestID: "q1", Type: "POLICY", Status: "DRAFT", Name: "cn", InternalID: "ci", Until: c.now, Body: []byte("{}"), Slot: -1}, {ID: "c2", RequestID: "q1", Slot: -1, Body: []byte("{}")}}}
	insert := func() error { return c.update(func(t store.Tx) error { return t.InsertRequest(r) }) }
	read := func() *store.Request {
		var got *store.Request
		c.want("reading a request", c.view(func(t store.Tx) (err error) { got, err = t.RequestOf("c2"); return err }), nil)
		if got == nil {
			return &store.Request{}
		}
		return got
	}
	c.want("a request", insert(), nil)
	c.want("a request again", insert(), store.ErrExists)
	if got := read(); fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", *r) {
		c.fault("a request comes back as %+v, want %+v", *got, *r)
	}
	unsent := func(until time.Time, limit int, want string) {
		c.want("what is not sent", c.view(func(t store.Tx) error {
			got, err := t.Unsent(until, limit)
			if fmt.Sprint(got) != want {
				c.fault("not sent are %v, want %s", got, want)
			}
			return err
		}), nil)
	}
	late := store.Request{ID: "q3", TenantID: "life", Seq: store.NewSeq(c.now, 3), Body: []byte("{}"), Subjects: []store.Subject{
		{Contact: "a", OTP: []byte("m"), OTPUntil: c.now.Add(time.Second)}, {Contact: "b", OTP: []byte("m"), OTPUntil: c.now.Add(-time.Second), Notified: true}}}
	c.want("a later request", c.update(func(t store.Tx) error { return t.InsertRequest(&late) }), nil)
	unsent(c.now.Add(-time.Millisecond), 10, "[]")
	unsent(c.now, 10, "[q1]")
	unsent(c.now.Add(time.Hour), 10, "[q1 q3]")
	unsent(c.now.Add(time.Hour), 1, "[q1]")
	d := store.Decision{ID: "d1", Contact: "a", Accepted: true, At: c.now, Evidence: "v1"}
	var slots [2]int64
	var index [2]int64
	c.want("a decision", c.update(func(t store.Tx) (err error) {
		r.Subjects[0].OTP, r.Subjects[0].Failures, r.Subjects[0].Notified, r.Subjects[0].OTPUntil = nil, 3, true, time.Time{}
		r.Subjects[0].Resends, r.Subjects[0].Resent = 7, c.now
		errs := []error{t.PutSubject("q1", r.Subjects[0]), t.InsertDecision("q1", "c1", d), t.InsertEvidence(store.Evidence{ID: "v1", RequestID: "q1", Bytes: []byte("v")})}
		for i := range 2 {
			if slots[i], err = t.NextSlot(); err != nil {
				return err
			}
			k := &r.Credentials[i]
			k.Status, k.Signed, k.Slot = "ACTIVE", []byte("s"), slots[i]
			errs = append(errs, t.PutCredential(*k))
			index[i], err = t.PutReceipt("life", fmt.Sprint("urn:", i), fmt.Append(nil, "receipt ", i))
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}), nil)
	if slots[1] != slots[0]+1 || index[1] != index[0]+1 {
		c.fault("slots %v, places in the log %v", slots, index)
	}
	r.Credentials[0].Decisions = []store.Decision{d}
	c.want("a second decision", c.update(func(t store.Tx) error { d.ID = "d2"; return t.InsertDecision("q1", "c1", d) }), store.ErrExists)
	c.want("revoking", c.update(func(t store.Tx) error {
		r.Credentials[1].Status, r.Credentials[1].Revoked = "REVOKED", c.now
		return errors.Join(t.PutCredential(r.Credentials[1]), t.CancelRequest("q1", c.now))
	}), nil)
	unsent(c.now.Add(time.Hour), 10, "[q3]")
	r.Canceled = c.now
	if got := read(); fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", *r) {
		c.fault("a request comes back as %+v, want %+v", *got, *r)
	}
	c.want("a receipt again", c.update(func(t store.Tx) error { _, err := t.PutReceipt("life", "urn:0", []byte("x")); return err }), store.ErrExists)
	c.want("what became of it", c.view(func(t store.Tx) error {
		got, err := t.RevokedSlots(slots[0], slots[1]+1)
		if len(got) != 1 || got[0] != slots[1] {
			c.fault("revoked slots %v, want %d", got, slots[1])
		}
		none, err2 := t.RevokedSlots(slots[1]+1, slots[1]+100)
		e, err3 := t.Evidence("v1")
		p, err4 := t.Receipt("urn:1")
		if len(none) != 0 || string(e.Bytes) != "v" || e.RequestID != "q1" || string(p.Bytes) != "receipt 1" || p.TenantID != "life" || p.Index != index[1] {
			c.fault("got %v, %v, %v", none, e, p)
		}
		return errors.Join(err, err2, err3, err4)
	}), nil)
	c.want("nothing", c.view(func(t store.Tx) error {
		_, err := t.Request("q2")
		_, err2 := t.RequestOf("c3")
		_, err3 := t.Evidence("v2")
		_, err4 := t.Receipt("urn:2")
		for _, err := range []error{err, err2, err3, err4} {
			c.want("what is not there", err, store.ErrNotFound)
		}
		return nil
	}), nil)
}

// lists checks that every filter finds the same as reading all requests.
func (c *checker) lists() {
	var all []*store.Request
	pick := func(i int, of ...string) string { return of[i%len(of)] }
	c.want("requests", c.update(func(t store.Tx) error {
		all = all[:0]
		for i := range 60 {
			id := fmt.Sprintf("l%02d", i)
			at := c.now.Add(time.Duration(i) * time.Hour)
			r := &store.Request{ID: id, TenantID: pick(i, "ta", "ta", "tb"), Seq: store.NewSeq(at, uint32(i)), Created: at, SecurityLevel: pick(i, "CONTACT", "HUMANOS_KYC", "ORGANIZATION_KYC"),
				Name: pick(i, "Onboarding ÉTÉ", "100% _off_", `back\slash`, "", "日本語"), InternalID: pick(i, "", "order-1", "order-2"), Body: []byte("{}"),
				Subjects:    []store.Subject{{Contact: pick(i, "ana@x.example", "+351910000000", "bo@y.example"), DID: pick(i, "did:x:1", "did:x:2"), InternalID: pick(i, "", "s1")}, {Contact: "zoe@z.example", DID: "did:x:z"}},
				Credentials: []store.Credential{{ID: "lc" + id, Name: pick(i, "Passport", "NDA aab", "ab"), InternalID: pick(i, "", "k1"), Status: "DRAFT", Type: "JSON", Body: []byte("{}"), Slot: -1}}}
			all = append(all, r)
			if err := t.InsertRequest(r); err != nil {
				return err
			}
		}
		return nil
	}), nil)
	filters := []store.Filter{
		{}, {InternalID: "order-1"}, {Contact: "ana@x.example"}, {DID: "did:x:2"}, {DID: "did:x:z"}, {SubjectInternalID: "s1"}, {CredentialInternalID: "k1"},
		{SecurityLevels: []string{"CONTACT"}}, {SecurityLevels: []string{"CONTACT", "ORGANIZATION_KYC"}}, {SecurityLevels: []string{"none"}},
		{From: c.now.Add(10 * time.Hour)}, {From: c.now.Add(10 * time.Hour), To: c.now.Add(20 * time.Hour)}, {To: c.now},
		{InternalID: "order-1", Contact: "+351910000000", SecurityLevels: []string{"HUMANOS_KYC"}, From: c.now.Add(2 * time.Hour)},
		{Contact: "nobody"}, {InternalID: "order-1' OR '1'='1"},
		{Search: "ana@x.example", SecurityLevels: []string{"CONTACT"}, DID: "did:x:1", From: c.now.Add(time.Hour)},
	}
	for _, s := range []string{"a", "é", "ÉT", "ab", "aab", "aaab", "onboarding", "ONBOARDING", "00% _o", "%", "_", `k\s`, "日", "日本語", "order-", "x.example", "351", "nothing like it", "ple\nzoe", `"`, "OR", "*", "a b", "tb", "lc"} {
		filters = append(filters, store.Filter{Search: s})
	}
	for _, f := range []store.Filter{{SecurityLevels: []string{"CONTACT", "HUMANOS_KYC"}}, {DID: "did:x:2"}, {DID: "did:x:2", CredentialInternalID: "k1"}, {From: c.now.Add(10 * time.Hour), To: c.now.Add(50 * time.Hour)},
		{Contact: "zoe@z.example", SecurityLevels: []string{"CONTACT"}, From: c.now.Add(2 * time.Hour)}} {
		for _, f.Search = range []string{"e", "zoe@z", "onboarding", "ard"} {
			filters = append(filters, f)
		}
	}
	for _, f := range filters {
		f.TenantID = "ta"
		var want []string
		for _, r := range slices.Backward(all) {
			if fits(f, r) {
				want = append(want, r.ID)
			}
		}
		c.pages(f, want)
	}
}

// pages reads a list in pages, with an odd size and past its end.
func (c *checker) pages(f store.Filter, want []string) {
	f.Limit = 7
	var got []string
	for f.Offset = 0; f.Offset <= len(want)+f.Limit; f.Offset += f.Limit {
		err := c.view(func(t store.Tx) error {
			page, total, err := t.ListRequests(f)
			if total != len(want) {
				c.fault("%+v: total %d, want %d", f, total, len(want))
			}
			for _, r := range page {
				got = append(got, r.ID)
				if r.TenantID != f.TenantID || len(r.Subjects) != 2 || len(r.Credentials) != 1 || r.Subjects[1].Contact != "zoe@z.example" || r.Credentials[0].ID != "lc"+r.ID {
					c.fault("%+v: %+v is in the list", f, *r)
				}
			}
			return err
		})
		c.want(fmt.Sprintf("%+v", f), err, nil)
	}
	if !slices.Equal(got, want) {
		c.fault("%+v: found %v, want %v", f, got, want)
	}
}

// fits is the reference implementation of a filter.
func fits(f store.Filter, r *store.Request) bool {
	texts := []string{r.Name, r.InternalID}
	subject := func(is func(store.Subject) bool) bool { return slices.ContainsFunc(r.Subjects, is) }
	for _, s := range r.Subjects {
		texts = append(texts, s.Contact)
	}
	for _, k := range r.Credentials {
		texts = append(texts, k.Name)
	}
	found := slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(f.Search)) })
	return r.TenantID == f.TenantID && found &&
		(f.InternalID == "" || f.InternalID == r.InternalID) &&
		(f.Contact == "" || subject(func(s store.Subject) bool { return s.Contact == f.Contact })) &&
		(f.DID == "" || subject(func(s store.Subject) bool { return s.DID == f.DID })) &&
		(f.SubjectInternalID == "" || subject(func(s store.Subject) bool { return s.InternalID == f.SubjectInternalID })) &&
		(f.CredentialInternalID == "" || slices.ContainsFunc(r.Credentials, func(k store.Credential) bool { return k.InternalID == f.CredentialInternalID })) &&
		(len(f.SecurityLevels) == 0 || slices.Contains(f.SecurityLevels, r.SecurityLevel)) &&
		(f.From.IsZero() || !r.Created.Before(f.From)) && (f.To.IsZero() || r.Created.Before(f.To))
}
