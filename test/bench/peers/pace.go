package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

type request struct {
	protocol string
	port     int
	path     string
	body     []byte
}

// Sends one event, and tells `done` when its answer is whole.
type sender interface {
	send(done func(ok bool))
}

// More under way than this, and the next event waits; its time runs all the same.
const mostUnderWay = 256

// Sends an event every `interval`, however slow the answers are, and prints the quantiles of the time from the moment
// that an event was due until its answer was whole: an answer that comes late delays no measurement.
func keepPace(call request, interval time.Duration, count int) {
	// A sleeping thread wakes more exactly than a timer of the scheduler, which counts in milliseconds.
	runtime.LockOSThread()
	var out sender
	if call.protocol == "http" {
		out = newHTTPSender(call)
	} else {
		out = newGRPCSender(call)
	}
	latencies := make([]time.Duration, count)
	failed := 0
	var all sync.WaitGroup
	var lock sync.Mutex
	free := make(chan struct{}, mostUnderWay)
	start := time.Now()
	for i := range count {
		due := start.Add(time.Duration(i) * interval)
		sleepUntil(due)
		free <- struct{}{}
		all.Add(1)
		out.send(func(ok bool) {
			latencies[i] = time.Since(due)
			if !ok {
				lock.Lock()
				failed++
				lock.Unlock()
			}
			<-free
			all.Done()
		})
	}
	all.Wait()
	slices.Sort(latencies)
	at := func(share float64) float64 {
		return float64(latencies[int(share*float64(count-1))].Nanoseconds()) / 1000
	}
	must(json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"failed": float64(failed), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "seconds": time.Since(start).Seconds(),
	}))
}

func sleepUntil(due time.Time) {
	if left := time.Until(due); left > 0 {
		pause := syscall.NsecToTimespec(left.Nanoseconds())
		syscall.Nanosleep(&pause, nil)
	}
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
