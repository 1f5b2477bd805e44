package didweb

import (
	"context"
	"net"

	"github.com/mandate-engine/mandate/internal/safehttp"
)

// NewUnguarded is New without the address guard, for servers on the loopback. It
// exists only in the test binaries of this package.
func NewUnguarded(cfg Config, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*Resolver, error) {
	return build(cfg, func(c safehttp.Config) (*safehttp.Client, error) { return safehttp.NewUnguarded(c, dial) })
}

var (
	KeepFor = keepFor
	ETag    = etag
)
