//go:build !unix

package roundrobin

import "time"

var start = time.Now()

// cpuTime returns the time that has passed, where there is no other.
func cpuTime() time.Duration { return time.Since(start) }
