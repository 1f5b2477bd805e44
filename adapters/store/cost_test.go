package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/store"
)

// TestListCost loads requests and compares the cost of lists with reading one
// request by its ID: the median of some calls each, in the same process. It
// checks the bounds with 200,000 requests (.ci/long, STORE_ROWS=200000). By
// default it loads a few thousand, to exercise the test itself.
func TestListCost(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("STORE_ROWS"))
	if err != nil {
		n = 2000
	}
	file := os.Getenv("STORE_FILE") // an existing file is reused and not loaded again
	if file == "" {
		file = filepath.Join(t.TempDir(), "db")
	}
	s, db := open(t, file)
	db.SetMaxIdleConns(4)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	levels := []string{"CONTACT", "ORGANIZATION_KYC", "HUMANOS_KYC", "HUMANOS_REVALIDATION"}
	rnd := rand.New(rand.NewPCG(1, 2))
	id := func(i int) string { return fmt.Sprintf("%024x", i) }
	started := time.Now()
	loaded := 0
	if err := db.QueryRow("SELECT COUNT(*) FROM requests").Scan(&loaded); err != nil {
		t.Fatal(err)
	}
	for first := loaded; first < n; first += 500 {
		if err := s.Update(t.Context(), func(tx store.Tx) error {
			for i := first; i < min(first+500, n); i++ {
				at := begin.Add(time.Duration(i) * time.Minute)
				tenant := "tenant-1"
				if i%10 == 9 {
					tenant = "tenant-2"
				}
				r := &store.Request{ID: id(i), TenantID: tenant, Seq: store.NewSeq(at, rnd.Uint32()), Created: at, SecurityLevel: levels[i%4], Name: fmt.Sprintf("Employee Onboarding %d", rnd.IntN(1e6)),
					InternalID: fmt.Sprintf("order-%d", i), Body: []byte(`{"language":"ENG","redirectUrl":null,"authorizedDIDs":[]}`),
					Subjects:    []store.Subject{{Contact: fmt.Sprintf("user%d@example.com", rnd.IntN(n/10+1)), DID: fmt.Sprintf("did:key:z6Mk%d", i%1000), InternalID: fmt.Sprintf("s-%d", i%5000)}},
					Credentials: []store.Credential{{ID: "urn:via:credential:" + id(i), RequestID: id(i), Name: "Employment Contract", InternalID: fmt.Sprintf("c-%d", i%5000), Type: "POLICY", Status: "DRAFT", Body: []byte("{}"), Slot: -1}}}
				if err := tx.InsertRequest(r); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d requests loaded in %s", n, time.Since(started).Round(time.Millisecond))

	median := func(runs int, f func(tx store.Tx, i int) error) time.Duration {
		var all []time.Duration
		for i := range runs {
			start := time.Now()
			if err := s.View(t.Context(), func(tx store.Tx) error { return f(tx, i) }); err != nil {
				t.Fatal(err)
			}
			all = append(all, time.Since(start))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	base := median(301, func(tx store.Tx, i int) error { _, err := tx.Request(id(i * 7919 % n)); return err })
	t.Logf("get by id %s", base)
	deep := n * 9 / 10 / 2
	for _, tt := range []struct {
		name  string
		f     store.Filter
		limit float64 // times base; 0: not bounded
	}{
		{"first page", store.Filter{}, 10},
		{"deep page", store.Filter{Offset: deep}, 500},
		{"last page", store.Filter{Offset: n*9/10 - 10}, 10},
		{"internalId", store.Filter{InternalID: "order-77"}, 10},
		{"contact", store.Filter{Contact: "user7@example.com"}, 10},
		{"did", store.Filter{DID: "did:key:z6Mk7"}, 10},
		{"subjectInternalId", store.Filter{SubjectInternalID: "s-77"}, 10},
		{"credentialInternalId", store.Filter{CredentialInternalID: "c-77"}, 10},
		{"securityLevel", store.Filter{SecurityLevels: levels[:1]}, 500},
		{"two securityLevels", store.Filter{SecurityLevels: levels[:2]}, 500},
		{"dates", store.Filter{From: begin.Add(24 * time.Hour), To: begin.Add(48 * time.Hour)}, 50},
		{"search, selective", store.Filter{Search: "user77@"}, 500},
		{"search, no match", store.Filter{Search: "zzzz"}, 500},
		{"search, two characters", store.Filter{Search: "77"}, 500},
		{"search, one character", store.Filter{Search: "7"}, 500},
		{"search, two, all match", store.Filter{Search: "em"}, 500},
		{"search, three, all match", store.Filter{Search: "onb"}, 500},
		{"search, long, all match", store.Filter{Search: "onboarding"}, 500},
		{"search, words, all match", store.Filter{Search: "employee onboarding"}, 500},
		{"search, at the end, all match", store.Filter{Search: "example.com"}, 500},
		{"search, long, a tenth match", store.Filter{Search: "onboarding 7"}, 500},
		{"search, long, deep page", store.Filter{Search: "contract", Offset: deep}, 500},
		{"search and level", store.Filter{Search: "employment", SecurityLevels: levels[:1]}, 500},
		{"search and contact", store.Filter{Search: "employment", Contact: "user7@example.com"}, 500},
		{"search, deep page", store.Filter{Search: "7", Offset: 1000}, 500},
	} {
		tt.f.TenantID, tt.f.Limit = "tenant-1", 10
		total := 0
		run := func(tx store.Tx, _ int) (err error) { _, total, err = tx.ListRequests(tt.f); return err }
		cold := median(3, func(tx store.Tx, i int) error { s.Forget(); return run(tx, i) })
		warm := median(9, run)
		t.Logf("%-30s total %6d   first %9s = %6.1f   again %9s = %6.1f   (most %v)", tt.name, total, cold, ratio(cold, base), warm, ratio(warm, base), tt.limit)
		if n >= 100_000 && tt.limit > 0 && (ratio(warm, base) > tt.limit || tt.limit >= 500 && ratio(cold, base) > tt.limit) { // for cheap calls, one cold call is not significant
			t.Errorf("%s costs %.1f times a get by id, and again %.1f, want at most %v", tt.name, ratio(cold, base), ratio(warm, base), tt.limit)
		}
	}
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
