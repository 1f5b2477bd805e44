//go:build !unix

package roundrobin

import "time"

var start = time.Now()

// cpuTime returns the elapsed time, because this system has no CPU time.
func cpuTime() time.Duration { return time.Since(start) }
