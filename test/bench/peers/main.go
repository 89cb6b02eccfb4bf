// The two ends of a proxy on the bench: function replicas that answer at once, and a sender that keeps a rate.
//
// They know just enough of HTTP/1.1 and HTTP/2 to be no bottleneck: what stands between them is measured, never they.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

const usage = `peers backend COUNT                             COUNT ports that answer every event with success
peers pace http|grpc PORT PATH FILE RATE COUNT  send COUNT events, RATE a second, and tell how long each took
`

func main() {
	arguments := os.Args[1:]
	switch {
	case len(arguments) == 2 && arguments[0] == "backend":
		runBackend(number(arguments[1]))
	case len(arguments) == 7 && arguments[0] == "pace":
		body, err := os.ReadFile(arguments[4])
		must(err)
		call := request{protocol: arguments[1], port: number(arguments[2]), path: arguments[3], body: body}
		keepPace(call, time.Second/time.Duration(number(arguments[5])), number(arguments[6]))
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	must(err)
	return value
}

// A bench that cannot run says so and ends: there is nothing to save.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}
