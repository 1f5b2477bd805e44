package safehttp

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// special lists the networks outside the public internet, or leading back into
// a private one: the IANA special-purpose registries for IPv4 and IPv6 (RFC
// 6890), and the host addresses of clouds outside those registries. IPv6
// addresses outside publicIPv6 need no entry.
var special = prefixes(
	"0.0.0.0/8",         // this network
	"10.0.0.0/8",        // private
	"100.64.0.0/10",     // shared by carriers; metadata of Alibaba Cloud
	"127.0.0.0/8",       // loopback
	"168.63.129.16/32",  // Azure's host agent, an address of its public range
	"169.254.0.0/16",    // link-local; metadata of most clouds
	"172.16.0.0/12",     // private
	"192.0.0.0/24",      // protocol assignments; metadata of Oracle Cloud
	"192.0.2.0/24",      // documentation
	"192.31.196.0/24",   // AS112
	"192.52.193.0/24",   // AMT
	"192.88.99.0/24",    // 6to4 relays
	"192.168.0.0/16",    // private
	"192.175.48.0/24",   // AS112
	"198.18.0.0/15",     // benchmarks
	"198.51.100.0/24",   // documentation
	"203.0.113.0/24",    // documentation
	"224.0.0.0/4",       // multicast
	"240.0.0.0/4",       // reserved, and broadcast
	"2001::/23",         // protocol assignments: Teredo, ORCHID, benchmarks
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4: an IPv4 address inside
	"2620:4f:8000::/48", // AS112
	"3fff::/20",         // documentation
)

// publicIPv6 is the range that IANA allocates for global unicast. Addresses
// that embed IPv4 addresses (IPv4-compatible, NAT64, IPv4-translated), unique
// local and site-local addresses are outside.
var publicIPv6 = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// public reports whether a is an address of the public internet.
func public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap() // the kernel treats ::ffff:127.0.0.1 as 127.0.0.1
	if a.Is6() && !publicIPv6.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// control is the net.Dialer.Control of a client. The dialer calls it with
// every address before connecting, after the name lookup. So it also catches a
// name whose second lookup gives another address.
func (c *Client) control(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	switch {
	case network != "tcp4" && network != "tcp6":
		return fmt.Errorf("%w: network %s", ErrBlocked, network)
	case err != nil:
		return fmt.Errorf("%w: %q is no address", ErrBlocked, address)
	case !public(to.Addr()):
		return fmt.Errorf("%w: %s is not public", ErrBlocked, to.Addr())
	case !slices.Contains(c.cfg.Ports, to.Port()):
		return fmt.Errorf("%w: port %d", ErrBlocked, to.Port())
	}
	return nil
}
