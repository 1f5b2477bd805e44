//go:build unix

package roundrobin

import (
	"syscall"
	"time"
)

// cpuTime returns the CPU time of the process.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("roundrobin: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
