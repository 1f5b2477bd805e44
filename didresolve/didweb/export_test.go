package didweb

import (
	"context"
	"net"

	"github.com/mandate-engine/mandate/internal/safehttp"
)

// NewUnguarded is New for tests whose servers are on the loopback. It exists
// in test binaries of this package alone.
func NewUnguarded(cfg Config, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*Resolver, error) {
	return build(cfg, func(c safehttp.Config) (*safehttp.Client, error) { return safehttp.NewUnguarded(c, dial) })
}

var (
	KeepFor = keepFor
	ETag    = etag
)
