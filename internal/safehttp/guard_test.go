package safehttp

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// bad lists addresses that no client may connect to, with descriptions.
var bad = []struct{ address, what string }{
	{"127.0.0.1", "loopback"},
	{"127.255.255.254", "the other end of the loopback"},
	{"0.0.0.0", "this host"},
	{"0.1.2.3", "this network"},
	{"10.0.0.1", "private"},
	{"172.16.0.1", "private"},
	{"172.31.255.255", "private, last"},
	{"192.168.1.1", "private"},
	{"169.254.169.254", "metadata of AWS, Azure, Google and others"},
	{"169.254.170.2", "credentials of AWS containers"},
	{"100.100.100.200", "metadata of Alibaba Cloud"},
	{"100.64.0.1", "shared by carriers"},
	{"168.63.129.16", "Azure's host agent"},
	{"192.0.0.192", "metadata of Oracle Cloud"},
	{"192.0.2.1", "documentation"},
	{"198.51.100.1", "documentation"},
	{"203.0.113.1", "documentation"},
	{"198.18.0.1", "benchmarks"},
	{"198.19.255.255", "benchmarks, last"},
	{"192.88.99.1", "6to4 relay"},
	{"192.31.196.1", "AS112"},
	{"192.175.48.1", "AS112"},
	{"192.52.193.1", "AMT"},
	{"224.0.0.1", "multicast"},
	{"239.255.255.250", "multicast: SSDP"},
	{"240.0.0.1", "reserved"},
	{"255.255.255.255", "broadcast"},
	{"::", "this host"},
	{"::1", "loopback"},
	{"::127.0.0.1", "IPv4-compatible loopback"},
	{"::ffff:127.0.0.1", "IPv4-mapped loopback"},
	{"::ffff:7f00:1", "the same in hexadecimal"},
	{"::ffff:169.254.169.254", "IPv4-mapped metadata"},
	{"::ffff:10.0.0.1", "IPv4-mapped private"},
	{"::ffff:0:127.0.0.1", "IPv4-translated loopback"},
	{"64:ff9b::7f00:1", "NAT64 loopback"},
	{"64:ff9b::a9fe:a9fe", "NAT64 metadata"},
	{"64:ff9b:1::a00:1", "local-use NAT64"},
	{"100::1", "discard"},
	{"2001::1", "Teredo"},
	{"2001:2::1", "benchmarks"},
	{"2001:10::1", "ORCHID"},
	{"2001:20::1", "ORCHIDv2"},
	{"2001:db8::1", "documentation"},
	{"2002:7f00:1::", "6to4 loopback"},
	{"2002:a9fe:a9fe::", "6to4 metadata"},
	{"2620:4f:8000::1", "AS112"},
	{"3fff::1", "documentation"},
	{"5f00::1", "segment routing"},
	{"fc00::1", "unique local"},
	{"fd00:ec2::254", "metadata of AWS over IPv6"},
	{"fd20:ce::254", "metadata of Google over IPv6"},
	{"fe80::1", "link-local"},
	{"fe80::1%lo", "link-local with a zone"},
	{"2606:4700:4700::1111%lo", "a public address with a zone"},
	{"::ffff:1.1.1.1%lo", "a public address, IPv4-mapped, with a zone"},
	{"fec0::1", "site-local"},
	{"ff02::1", "multicast"},
}

var good = []string{
	"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1", "168.63.129.15", "168.63.129.17",
	"169.253.255.255", "172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.255.255", "192.169.0.1", "198.17.255.255", "198.20.0.1", "223.255.255.255",
	"::ffff:1.1.1.1", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700:4700::1111", "2a00::1", "3ffe:ffff::1",
}

func newClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 64
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGuard(t *testing.T) {
	c := newClient(t, Config{})
	at := func(address, port string) string { return net.JoinHostPort(address, port) }
	for _, b := range bad {
		for _, network := range []string{"tcp4", "tcp6"} {
			if err := c.control(network, at(b.address, "443"), nil); !errors.Is(err, ErrBlocked) || !strings.Contains(err.Error(), "not public") {
				t.Errorf("%s (%s): %v", b.address, b.what, err)
			}
		}
	}
	for _, address := range good {
		if err := c.control("tcp4", at(address, "443"), nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if err := c.control("tcp4", at(address, "80"), nil); !errors.Is(err, ErrBlocked) || !strings.Contains(err.Error(), "port 80") {
			t.Errorf("%s port 80: %v", address, err)
		}
	}
	for _, tt := range []struct{ network, address, want string }{
		{"udp4", "1.1.1.1:443", "network"},
		{"unix", "/tmp/socket", "network"},
		{"tcp", "1.1.1.1:443", "network"},
		{"tcp4", "localhost:443", "no address"},
		{"tcp4", "1.1.1.1", "no address"},
		{"tcp4", "1.1.1.1:https", "no address"},
		{"tcp4", "", "no address"},
	} {
		if err := c.control(tt.network, tt.address, nil); !errors.Is(err, ErrBlocked) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: %v, want %q", tt.network, tt.address, err, tt.want)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// URLs with addresses as hosts, in notations that some system parses as an
// address. Go's dialer parses the canonical ones and looks the others up; the
// guard checks the result of the lookup. The DNS server here answers like
// inet_aton, the worst case.
func TestAddressesInURLs(t *testing.T) {
	for _, tt := range []struct{ host, means string }{
		{"2130706433", "127.0.0.1"},
		{"0x7f000001", "127.0.0.1"},
		{"017700000001", "127.0.0.1"},
		{"0177.0.0.1", "127.0.0.1"},
		{"0x7f.0.0.1", "127.0.0.1"},
		{"127.1", "127.0.0.1"},
		{"127.0.1", "127.0.0.1"},
		{"2852039166", "169.254.169.254"},
		{"0xa9fea9fe", "169.254.169.254"},
		{"0251.0376.0251.0376", "169.254.169.254"},
		{"169.254.43518", "169.254.169.254"},
		{"0", "0.0.0.0"},
		{"localhost", "127.0.0.1"},
		{"metadata.google.internal", "169.254.169.254"},
		{"127.0.0.1.nip.io", "127.0.0.1"},
		{"[::1]", ""},
		{"[::ffff:127.0.0.1]", ""},
		{"[::]", ""},
		{"[fe80::1%25lo]", ""},
		{"127.0.0.1", ""},
		{"169.254.169.254", ""},
	} {
		dns := &fakeDNS{answers: [][]string{{tt.means}}}
		c := newClient(t, Config{DNS: dns.resolver()})
		// Go's own resolver refuses a name that ends in a number.
		_, err := c.Get(context.Background(), "https://"+tt.host+"/", nil)
		var lookup *net.DNSError
		if !errors.Is(err, ErrBlocked) && !(errors.As(err, &lookup) && lookup.IsNotFound && dns.asked == nil) {
			t.Errorf("%s: %v, want it blocked", tt.host, err)
		}
	}
}

// Every bad address as the result of looking up a harmless name.
func TestNamesOfBadAddresses(t *testing.T) {
	for _, b := range bad {
		if strings.Contains(b.address, "%") {
			continue // DNS has no zones
		}
		dns := &fakeDNS{answers: [][]string{{b.address}}}
		c := newClient(t, Config{DNS: dns.resolver()})
		if _, err := c.Get(context.Background(), "https://example.com/", nil); !errors.Is(err, ErrBlocked) {
			t.Errorf("%s (%s): %v, want it blocked", b.address, b.what, err)
		}
	}
}

// DNS rebinding: the first lookup of a name returns a public address, the
// second an address of this machine. The guard checks the address of the
// connection. A second check after it prevents connections in the test.
func TestRebinding(t *testing.T) {
	dns := &fakeDNS{answers: [][]string{{"1.1.1.1"}, {"127.0.0.1"}}}
	c := newClient(t, Config{})
	errPassed := errors.New("passed the guard")
	var mu sync.Mutex
	var passed []string
	dialer := net.Dialer{Resolver: dns.resolver(), Control: func(network, address string, raw syscall.RawConn) error {
		if err := c.control(network, address, raw); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		passed = append(passed, address)
		return errPassed
	}}
	c.dial = dialer.DialContext
	for i, want := range []error{errPassed, ErrBlocked, ErrBlocked} {
		if _, err := c.Get(context.Background(), "https://rebind.example/", nil); !errors.Is(err, want) {
			t.Errorf("answer %d: %v, want %v", i, err, want)
		}
	}
	if want := []string{"1.1.1.1:443"}; !slices.Equal(passed, want) {
		t.Errorf("the guard let %v pass, want %v", passed, want)
	}
}

func TestNewUnguardedOnlyInTests(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		seen++
		b, err := os.ReadFile(path)
		if n := strings.Count(string(b), "NewUnguarded("); n > 0 && !strings.HasSuffix(path, filepath.Join("internal", "safehttp", "safehttp.go")) {
			t.Errorf("%s calls NewUnguarded", path)
		}
		return err
	})
	if err != nil || seen < 50 {
		t.Errorf("%d files read: %v", seen, err)
	}
}

// fakeDNS answers the lookups of a name with its answers in order, repeating
// the last one. The address "" means NXDOMAIN, "fail" SERVFAIL.
type fakeDNS struct {
	mu      sync.Mutex
	answers [][]string
	asked   map[string]int // per record type, so that A and AAAA of one lookup agree
}

func (d *fakeDNS) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go d.serve(server)
		return client, nil
	}}
}

// serve speaks DNS over TCP (RFC 1035 §4.2.2), one question per connection.
func (d *fakeDNS) serve(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, 1024)
	n, _ := conn.Read(buf)
	for n < 2 || n < 2+int(buf[0])<<8+int(buf[1]) {
		m, err := conn.Read(buf[n:])
		if err != nil {
			return
		}
		n += m
	}
	query := buf[2:n]
	end := 12
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	end++
	aaaa := query[end+1] == 28
	answer := append([]byte(nil), query[:end+4]...)
	answer[2], answer[3] = 0x84, 0 // an authoritative answer, NOERROR
	copy(answer[4:], []byte{0, 1, 0, 0, 0, 0, 0, 0})
	for _, s := range d.next(aaaa) {
		a, err := netip.ParseAddr(s)
		switch {
		case s == "":
			answer[3] = 3
		case s == "fail":
			answer[3] = 2
		case err != nil:
			panic(err)
		case a.Is6() == aaaa:
			raw := a.AsSlice()
			answer[7]++
			answer = append(answer, 0xc0, 12, 0, query[end+1], 0, 1, 0, 0, 0, 0, 0, byte(len(raw)))
			answer = append(answer, raw...)
		}
	}
	conn.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...))
}

func (d *fakeDNS) next(aaaa bool) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	kind := "A"
	if aaaa {
		kind = "AAAA"
	}
	if d.asked == nil {
		d.asked = map[string]int{}
	}
	i := min(d.asked[kind], len(d.answers)-1)
	d.asked[kind]++
	return d.answers[i]
}
