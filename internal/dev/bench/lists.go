package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
)

// begin is the time of the first request. The others follow one per minute.
func begin() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func requestID(i int) string { return fmt.Sprintf("%024x", i) }

// loadRequests fills a store. Nine of ten requests are of tenant-1.
func loadRequests(s *store.DB, n int) {
	levels := []string{"CONTACT", "ORGANIZATION_KYC", "HUMANOS_KYC", "HUMANOS_REVALIDATION"}
	rnd := rand.New(rand.NewPCG(1, 2))
	for first := 0; first < n; first += 500 {
		check(s.Update(context.Background(), func(tx store.Tx) error {
			for i := first; i < min(first+500, n); i++ {
				at, tenant := begin().Add(time.Duration(i)*time.Minute), "tenant-1"
				if i%10 == 9 {
					tenant = "tenant-2"
				}
				if err := tx.InsertRequest(&store.Request{ID: requestID(i), TenantID: tenant, Seq: store.NewSeq(at, rnd.Uint32()), Created: at, SecurityLevel: levels[i%4],
					Name: fmt.Sprintf("Employee Onboarding %d", rnd.IntN(1e6)), InternalID: fmt.Sprintf("order-%d", i), Body: []byte(`{"language":"ENG","redirectUrl":null,"authorizedDIDs":[]}`),
					Subjects:    []store.Subject{{Contact: fmt.Sprintf("user%d@example.com", rnd.IntN(n/10+1)), DID: fmt.Sprintf("did:key:z6Mk%d", i%1000), InternalID: fmt.Sprintf("s-%d", i%5000)}},
					Credentials: []store.Credential{{ID: "urn:via:credential:" + requestID(i), RequestID: requestID(i), Name: "Employment Contract", InternalID: fmt.Sprintf("c-%d", i%5000), Type: "POLICY", Status: "DRAFT", Body: []byte("{}"), Slot: -1}}}); err != nil {
					return err
				}
			}
			return nil
		}))
		if first > 0 && first%100_000 == 0 {
			fmt.Fprintln(os.Stderr, first, "requests loaded")
		}
	}
}

// listRows compares pages of lists, including their totals, with reading one
// request by its id.
func listRows(h *harness) map[string]measured {
	dir, remove := scratch()
	defer remove()
	db, err := sql.Open("sqlite", store.SQLiteDSN(filepath.Join(dir, "db")))
	check(err)
	defer db.Close()
	s, err := store.Open(context.Background(), db, store.SQLite)
	check(err)
	n := h.requests
	loadRequests(s, n)
	view := func(name string, f func(store.Tx) error) roundrobin.Subject {
		return roundrobin.Subject{Name: name, Run: func() { check(s.View(context.Background(), f)) }}
	}
	turn := 0
	get := view("get by id", func(tx store.Tx) error {
		turn++
		_, err := tx.Request(requestID(turn * 7919 % n))
		return err
	})
	mine := n * 9 / 10
	rows := func(less int, filters map[string]store.Filter) measured {
		subjects, names, pairs := []roundrobin.Subject{get}, []string{}, []pair{}
		for name, f := range filters {
			f.TenantID, f.Limit = "tenant-1", 10
			names, pairs = append(names, name), append(pairs, pair{len(subjects), 0})
			subjects = append(subjects, view(name, func(tx store.Tx) error { _, _, err := tx.ListRequests(f); return err }))
		}
		return worst(h.best(h.comparison(less), pairs, subjects...), names)
	}
	return map[string]measured{
		"list": rows(3, map[string]store.Filter{
			"first page": {}, "last page": {Offset: mine - 10}, "internalId": {InternalID: "order-77"}, "contact": {Contact: "user7@example.com"},
			"did": {DID: "did:key:z6Mk7"}, "subjectInternalId": {SubjectInternalID: "s-77"}, "credentialInternalId": {CredentialInternalID: "c-77"},
		}),
		"search": rows(10, map[string]store.Filter{
			"deep page": {Offset: mine / 2}, "total of a security level": {SecurityLevels: []string{"CONTACT"}},
			"dates":             {From: begin().Add(24 * time.Hour), To: begin().Add(48 * time.Hour)},
			"search, selective": {Search: "user77@"}, "search, no match": {Search: "zzzz"}, "search, two characters": {Search: "77"},
			"search, one character": {Search: "7"}, "search, all match": {Search: "onb"}, "search, deep page": {Search: "7", Offset: min(1000, mine/20)},
		}),
	}
}
