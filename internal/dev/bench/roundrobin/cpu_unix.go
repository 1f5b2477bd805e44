//go:build unix

package roundrobin

import (
	"syscall"
	"time"
)

// cpuTime returns the CPU time that the process has taken.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("roundrobin: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
