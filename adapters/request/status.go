package request

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/verifier"
)

// listEntries is how many credentials share one status list.
const listEntries = signing.MinStatusEntries

// A list is a status list that was signed, and of which slots.
type list struct {
	signed  []byte
	revoked []int64
	until   time.Time // when it is to be signed again
}

func (s *Service) listURL(n int64) string {
	return s.cfg.PublicURL + "/status/" + strconv.FormatInt(n, 10)
}

// StatusList implements [verifier.StatusSource]. Its lists are at
// PublicURL/status/{n}, from 0; others are [verifier.ErrNoStatusList]. What it
// returns has every revocation in it that was acknowledged before the call.
func (s *Service) StatusList(ctx context.Context, url string) ([]byte, error) {
	text, ours := strings.CutPrefix(url, s.cfg.PublicURL+"/status/")
	n, err := strconv.ParseInt(text, 10, 32)
	if !ours || err != nil || n < 0 || text != strconv.FormatInt(n, 10) {
		return nil, verifier.ErrNoStatusList
	}
	var revoked []int64
	var next int64
	err = s.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if next, err = tx.NextSlot(); err == nil {
			revoked, err = tx.RevokedSlots(n*listEntries, (n+1)*listEntries)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case n*listEntries >= max(next, 1): // the first list is there before it is needed
		return nil, verifier.ErrNoStatusList
	}
	slices.Sort(revoked)
	now := s.now()
	s.mu.Lock()
	have := s.lists[n]
	s.mu.Unlock()
	if have.signed != nil && now.Before(have.until) && !now.Before(have.until.Add(-s.cfg.StatusTTL)) && slices.Equal(have.revoked, revoked) {
		return slices.Clone(have.signed), nil
	}
	l, err := signing.NewStatusList(url, "revocation", listEntries)
	if err != nil {
		return nil, err
	}
	for _, slot := range revoked {
		if err := l.Set(int(slot-n*listEntries), true); err != nil {
			return nil, err
		}
	}
	l.TTL = s.cfg.StatusTTL
	// It holds for twice the time after which a new one is made, so that one
	// that was fetched in time never ends before it is fetched again.
	// And it begins before whatever decision asks for it did, which may have been
	// in the second before: it takes five seconds to look things up at most.
	signed, err := l.Sign(ctx, s.signer, now.Add(-10*time.Second).Truncate(time.Second), now.Add(2*s.cfg.StatusTTL))
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	s.mu.Lock()
	s.lists[n] = list{signed, revoked, now.Add(s.cfg.StatusTTL)}
	s.mu.Unlock()
	return slices.Clone(signed), nil
}

// digest returns the SRI of bytes.
func digest(b []byte) string { return canonical.SRI(sha256.Sum256(b)) }
