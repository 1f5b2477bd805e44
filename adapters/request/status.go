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

// listEntries is the number of credentials in one status list.
const listEntries = signing.MinStatusEntries

// A list is a signed status list with its revoked slots.
type list struct {
	signed  []byte
	revoked []int64
	until   time.Time // when it must be signed again
}

func (s *Service) listURL(n int64) string {
	return s.cfg.PublicURL + "/status/" + strconv.FormatInt(n, 10)
}

// StatusList implements [verifier.StatusSource]. The lists are at
// PublicURL/status/{n}, from 0. For other URLs it returns
// [verifier.ErrNoStatusList]. The result contains every revocation that was
// acknowledged before the call.
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
	case n*listEntries >= max(next, 1): // list 0 exists before the first credential
		return nil, verifier.ErrNoStatusList
	}
	slices.Sort(revoked)
	now := s.now()
	s.mu.Lock()
	cached := s.lists[n]
	s.mu.Unlock()
	if cached.signed != nil && now.Before(cached.until) && !now.Before(cached.until.Add(-s.cfg.StatusTTL)) && slices.Equal(cached.revoked, revoked) {
		return slices.Clone(cached.signed), nil
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
	// The list is valid for twice StatusTTL, so a cached list does not expire
	// before the cache fetches a new one. It begins ten seconds early, to be
	// valid at the start of the decision that fetches it: lookups take at most
	// five seconds, and times are truncated to the second.
	signed, err := l.Sign(ctx, s.signer, now.Add(-10*time.Second).Truncate(time.Second), now.Add(2*s.cfg.StatusTTL))
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	s.mu.Lock()
	s.lists[n] = list{signed, revoked, now.Add(s.cfg.StatusTTL)}
	s.mu.Unlock()
	return slices.Clone(signed), nil
}

// digest returns the SRI digest of bytes.
func digest(b []byte) string { return canonical.SRI(sha256.Sum256(b)) }
